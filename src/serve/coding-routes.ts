import type { FastifyInstance, FastifyRequest } from "fastify";
import pLimit from "p-limit";
import type { Coding } from "../study/coding.ts";
import { normaliseText } from "../text/normalise.ts";
import { readGenerations, readStories } from "../workbench/artefacts.ts";
import { type Codebook, readCodebook } from "../workbench/codebook.ts";
import { checkedCoder, codingsFolder, drawnTexts, readCoders, writeCoder } from "../workbench/codings.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";
import { codedPage, codedTextPage, coderPage, fieldOf } from "./coding-pages.ts";
import { type Site, sendPage } from "./context.ts";
import { sealed } from "./ids.ts";

type At = { Params: { coder: string; count: string; position: string } };
type Fields = Readonly<Record<string, unknown>>;

/**
 * People code by the codebook on pages instead of a sheet: the same texts in the same order as `tinylove code sheet`
 * writes for the coder, and the same file as `tinylove code import` makes of it. To be registered where the
 * researcher's session and the forms' seals are asked for.
 */
export async function codingRoutes(
  inside: FastifyInstance,
  { study, setting, sealKey }: Site,
  sealFor: (request: FastifyRequest) => string,
): Promise<void> {
  // Reading and writing back is one step, so that a second tab takes no row from the first.
  const inTurn = pLimit(1);

  // What is thrown on to the outer handler is a bug; what a coder or the study's files did otherwise is said here.
  inside.setErrorHandler(async (error, request, reply) => {
    if (!(error instanceof StudyError)) throw error;
    const alert = [error.message, error.hint].filter(Boolean).join("; ");
    return sendPage(reply, 400, coderPage(setting, { seal: sealFor(request), instructions: "", alert }));
  });

  inside.get("/study/coding", async (request, reply) => {
    const { instructions } = await readCodebook(study);
    return sendPage(reply, 200, coderPage(setting, { seal: sealFor(request), instructions }));
  });

  inside.post("/study/coding", async (request, reply) => {
    const { coder, count } = request.body as Fields;
    const name = coderNamed(String(coder ?? "").trim());
    const asked = String(count ?? "").trim();
    const texts = await textsFor(study, name, asked === "" ? Number.POSITIVE_INFINITY : countOf(asked));
    const address = addressOf(name, texts.length);
    return reply.redirect(placeAfter(0, address, texts, await codingsOf(study, name)), 303);
  });

  inside.get<At>("/study/coding/:coder/:count/thanks", async (request, reply) => {
    const { name, texts, address } = await listOf(request.params);
    const coded = codedTexts(await codingsOf(study, name));
    return sendPage(
      reply,
      200,
      codedPage(setting, {
        address,
        count: texts.length,
        without: texts.filter(({ id }) => !coded.has(id)).length,
        file: `${codingsFolder}/${name}.csv`,
      }),
    );
  });

  inside.get<At>("/study/coding/:coder/:count/:position", async (request, reply) => {
    const { name, texts, address } = await listOf(request.params);
    const position = Number(request.params.position);
    const text = texts[position - 1];
    if (!text) return reply.callNotFound();
    const own = (await codingsOf(study, name)).filter((coding) => coding.text === text.id);
    return sendPage(
      reply,
      200,
      codedTextPage(setting, {
        address,
        position,
        count: texts.length,
        seal: sealFor(request),
        item: itemOf(name, text.id),
        title: normaliseText(text.title),
        text: normaliseText(text.text),
        codebook: await readCodebook(study),
        given: new Map(own.map(({ variable, code }) => [variable, code])),
      }),
    );
  });

  inside.post<At>("/study/coding/:coder/:count/:position", async (request, reply) => {
    const { name, texts, address } = await listOf(request.params);
    const fields = request.body as Fields;
    // The form names its text: the corpus may have grown since the page was read, and its places moved.
    const at = texts.findIndex(({ id }) => itemOf(name, id) === fields["item"]);
    const text = texts[at];
    if (!text) throw new StudyError("this text is not among those to code", { hint: "go on with your name" });
    const codebook = await readCodebook(study);
    const given = codesIn(codebook, fields, text.id);
    const codings = await inTurn(async () => {
      const all = withCodes(await codingsOf(study, name), given, text.id, codebook);
      const ordered = inOrder(all, texts);
      await writeCoder(study, { name, kind: "people", codings: ordered });
      return ordered;
    });
    return reply.redirect(placeAfter(at + 1, address, texts, codings), 303);
  });

  async function listOf({ coder, count }: At["Params"]) {
    const name = coderNamed(coder);
    const texts = await textsFor(study, name, countOf(count));
    return { name, texts, address: addressOf(name, texts.length) };
  }

  /** Neither a count nor a hash that anybody can make: it says nothing of the text. */
  const itemOf = (coder: string, text: string) => sealed(sealKey, "coded text", coder, text);
}

/** A text to code, with no more of it than the page and the file need. */
interface CodedText {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

/**
 * The coder's texts in the coder's order, as on the sheet: the first `count` of the study's lot, which takes people's
 * and machines' by turns for as long as there are both. Throws StudyError where there are none.
 */
async function textsFor(study: Study, coder: string, count: number): Promise<readonly CodedText[]> {
  const human = (await readStories(study)).map((story) => ({ ...story, origin: "human" as const }));
  const machine = (await readGenerations(study))
    .filter(({ text }) => text.trim() !== "")
    .map((generation) => ({ ...generation, origin: "machine" as const }));
  const drawn = drawnTexts<(typeof human | typeof machine)[number]>(study, [...human, ...machine], count);
  if (drawn.length === 0)
    throw new StudyError("there are no texts to code yet", { hint: "collect some first" });
  return study.random("code", "order", coder).shuffle(drawn);
}

/** The page to go on with: the first text past the first `position` that has no code yet, or the thanks. */
function placeAfter(
  position: number,
  address: string,
  texts: readonly CodedText[],
  codings: readonly Coding[],
): string {
  const coded = codedTexts(codings);
  const next = texts.findIndex(({ id }, at) => at >= position && !coded.has(id));
  return `${address}/${next < 0 ? "thanks" : next + 1}`;
}

const codedTexts = (codings: readonly Coding[]): ReadonlySet<string> =>
  new Set(codings.map(({ text }) => text));

const addressOf = (coder: string, count: number): string => `/study/coding/${coder}/${count}`;

/** What a person has coded so far. Throws StudyError where the name is a model's. */
async function codingsOf(study: Study, name: string): Promise<readonly Coding[]> {
  const coder = (await readCoders(study)).find((candidate) => candidate.name === name);
  if (!coder || coder.kind === "people") return coder?.codings ?? [];
  throw new StudyError(`coder ${name}: a model is called so`, { hint: "take another name" });
}

function coderNamed(name: string): string {
  if (name.toLowerCase() === "cues") {
    throw new StudyError(`coder ${name}: the cue lists are called so`, { hint: "take another name" });
  }
  return checkedCoder(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}

function countOf(given: string): number {
  if (/^[1-9]\d{0,6}$/.test(given)) return Number(given);
  throw new StudyError(`${given.slice(0, 20)}: no number of texts`, {
    hint: "try 60, or leave it empty for all",
  });
}

/** The codes that a form gives its text; nothing chosen is a pass. Throws StudyError for what is not in the codebook. */
const codesIn = ({ variables }: Codebook, fields: Fields, text: string): Coding[] =>
  variables.flatMap(({ name, codes }): Coding[] => {
    const given = fields[fieldOf(name)] ?? "";
    if (given === "") return [];
    if (codes.some(({ code }) => code === given)) {
      return [{ text, variable: name, code: String(given), kind: "people" }];
    }
    throw new StudyError(`${name}: no code ${String(given).slice(0, 60)}`, {
      hint: `try ${codes.map(({ code }) => code).join(", ")}`,
    });
  });

/** The codes of one text in place of its former ones. What another codebook asked about it stays. */
function withCodes(
  codings: readonly Coding[],
  given: readonly Coding[],
  text: string,
  { variables }: Codebook,
): readonly Coding[] {
  const asked = new Set(variables.map(({ name }) => name));
  return [...codings.filter((coding) => coding.text !== text || !asked.has(coding.variable)), ...given];
}

/** In the order of the texts, as an imported sheet has them; what is coded of others stands before. */
function inOrder(codings: readonly Coding[], texts: readonly CodedText[]): Coding[] {
  const places = new Map(texts.map(({ id }, at) => [id, at]));
  const placeOf = ({ text }: Coding) => places.get(text) ?? -1;
  return [...codings].sort((one, other) => placeOf(one) - placeOf(other));
}
