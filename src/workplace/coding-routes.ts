import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import pLimit from "p-limit";
import { type Codebook, readCodebook } from "../coding/codebook.ts";
import { readCoders, writeCoder } from "../coding/codings.ts";
import { coderInTextSet, TextSet, textSetOf } from "../coding/text-sets.ts";
import { type Coding, cuesCoder } from "../study/coding.ts";
import { same, sealed } from "../survey/ids.ts";
import { type SurveyContext, sendPage } from "../survey/survey-context.ts";
import { normaliseText } from "../text/normalise.ts";
import { factorialFile } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists } from "../workbench/files.ts";
import {
  type CodedText,
  type CoderSession,
  coderOf,
  codingsOf,
  NoCoder,
  Otherwise,
  sealedCoder,
  textsFor,
} from "./coder.ts";
import {
  type CoderLinksView,
  codedPage,
  codedTextPage,
  coderLinksPage,
  coderPage,
  coderProblemPage,
  fieldOf,
} from "./coding-pages.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * The researcher makes a link for each coder, by name. To be registered where the researcher's session and the forms'
 * seals are asked for.
 */
export async function coderLinkRoutes(
  inside: FastifyInstance,
  { study, setting, sealKey, base }: SurveyContext,
  sealFor: (request: FastifyRequest) => string,
): Promise<void> {
  inside.setErrorHandler(async (error, request, reply) => {
    if (!(error instanceof StudyError)) throw error;
    return linksPage(request, reply.status(400), { alert: lineOf(error) });
  });

  inside.get("/study/coding", async (request, reply) => linksPage(request, reply, {}));

  inside.post("/study/coding", async (request, reply) => {
    const { coder, count, lot: chosen } = request.body as Fields;
    const lot = TextSet.catch("study").parse(chosen);
    const name = coderNamed(String(coder ?? "").trim());
    const asked = String(count ?? "").trim();
    const all = { name, lot, file: coderInTextSet(name, lot), count: Number.POSITIVE_INFINITY };
    await codingsOf(study, all);
    const texts = await textsFor(study, { ...all, ...(asked !== "" && { count: countOf(asked) }) });
    const path = `/coding/enter/${sealedCoder(sealKey, { name, lot, count: texts.length })}`;
    return linksPage(request, reply, {
      link: { name, lot, count: texts.length, address: here(request) + base + path },
    });
  });

  async function linksPage(
    request: FastifyRequest,
    reply: FastifyReply,
    { alert, link }: Pick<CoderLinksView, "alert" | "link">,
  ) {
    const people = (await readCoders(study)).filter(({ kind }) => kind === "people");
    const coders = people.map(({ name: file, codings }) => {
      const { name, textSet: lot } = textSetOf(file);
      return { name, lot, texts: codedTexts(codings).size };
    });
    const lots = (await exists(study.path(factorialFile))) ? TextSet.options : [];
    const view = { seal: sealFor(request), coders, lots, alert, link };
    return sendPage(reply, reply.statusCode, coderLinksPage(setting, view));
  }
}

/** The address that the researcher's own browser has called: the link is shown to nobody else. */
const here = (request: FastifyRequest): string => `${request.protocol}://${request.host}`;

/**
 * People code by the codebook on pages instead of a sheet: the same texts in the same order as `tinylove code sheet`
 * writes for the coder, and the same file as `tinylove code import` makes of it. A coder's link opens that coder's
 * codes and nothing else: neither another's, nor the dashboard.
 */
export async function codingRoutes(
  inside: FastifyInstance,
  { study, setting, sealKey, effects, base }: SurveyContext,
): Promise<void> {
  // Reading and writing back is one step, so that a second tab takes no row from the first.
  const inTurn = pLimit(1);
  const { proxy } = study.config.survey;

  // A coder is told what they did otherwise. What is wrong with the study's files names other coders and places on
  // this machine: that is for the researcher.
  inside.setErrorHandler(async (error, _, reply) => {
    if (error instanceof Otherwise)
      return sendPage(reply, error.status, coderProblemPage(setting, lineOf(error)));
    if (!(error instanceof StudyError)) throw error;
    effects.warn(`a coder's page failed: ${lineOf(error)}`);
    const line =
      "This page cannot be shown or kept just now. What you coded before is kept. Please tell who sent you the link";
    return sendPage(reply, 503, coderProblemPage(setting, line));
  });

  inside.get<{ Params: { token: string } }>("/coding/enter/:token", async ({ params: { token } }, reply) => {
    coderOf(sealKey, token);
    reply.setCookie(cookieName, token, {
      path: `${base}/coding`,
      httpOnly: true,
      sameSite: "lax",
      secure: proxy,
      maxAge: 90 * 24 * 3600,
    });
    return reply.redirect("/coding", 303);
  });

  inside.get("/coding", async (request, reply) => {
    const coder = entered(request);
    const [{ instructions }, texts] = [await readCodebook(study), await textsFor(study, coder)];
    const next = placeAfter(0, texts, await codingsOf(study, coder));
    const { name } = coder;
    return sendPage(reply, 200, coderPage(setting, { name, count: texts.length, instructions, next }));
  });

  inside.get("/coding/thanks", async (request, reply) => {
    const coder = entered(request);
    const texts = await textsFor(study, coder);
    const coded = codedTexts(await codingsOf(study, coder));
    const without = texts.filter(({ id }) => !coded.has(id)).length;
    return sendPage(reply, 200, codedPage(setting, { count: texts.length, without }));
  });

  inside.get<{ Params: { position: string } }>("/coding/:position", async (request, reply) => {
    const coder = entered(request);
    const texts = await textsFor(study, coder);
    const position = Number(request.params.position);
    const text = texts[position - 1];
    if (!text) return reply.callNotFound();
    const own = (await codingsOf(study, coder)).filter((coding) => coding.text === text.id);
    return sendPage(
      reply,
      200,
      codedTextPage(setting, {
        position,
        count: texts.length,
        seal: formSeal(coder),
        item: itemOf(coder, text.id),
        title: normaliseText(text.title),
        text: normaliseText(text.text),
        codebook: await readCodebook(study),
        given: new Map(own.map(({ variable, code }) => [variable, code])),
      }),
    );
  });

  inside.post("/coding/:position", async (request, reply) => {
    const coder = entered(request);
    const fields = (request.body ?? {}) as Fields;
    if (typeof fields["seal"] !== "string" || !same(fields["seal"], formSeal(coder))) throw new NoCoder();
    const texts = await textsFor(study, coder);
    // The form names its text: the corpus may have grown since the page was read, and its places moved.
    const at = texts.findIndex(({ id }) => itemOf(coder, id) === fields["item"]);
    const text = texts[at];
    if (!text) throw new Otherwise("this text is not among those to code", { hint: "open your link again" });
    const codebook = await readCodebook(study);
    const given = codesIn(codebook, fields, text.id);
    const codings = await inTurn(async () => {
      const all = withCodes(await codingsOf(study, coder), given, text.id, codebook);
      const ordered = inOrder(all, texts);
      await writeCoder(study, { name: coder.file, kind: "people", codings: ordered });
      return ordered;
    });
    return reply.redirect(placeAfter(at + 1, texts, codings), 303);
  });

  const entered = (request: FastifyRequest) => coderOf(sealKey, request.cookies[cookieName] ?? "");

  const formSeal = (coder: CoderSession) => sealed(sealKey, "coder form", sealedCoder(sealKey, coder));

  /** Neither a count nor a hash that anybody can make: it says nothing of the text. */
  const itemOf = ({ file }: CoderSession, text: string) => sealed(sealKey, "coded text", file, text);
}

const cookieName = "coder";

const lineOf = ({ message, hint }: StudyError): string => [message, hint].filter(Boolean).join("; ");

/** The page to go on with: the first text past the first `position` that has no code yet, or the thanks. */
function placeAfter(position: number, texts: readonly CodedText[], codings: readonly Coding[]): string {
  const coded = codedTexts(codings);
  const next = texts.findIndex(({ id }, at) => at >= position && !coded.has(id));
  return `/coding/${next < 0 ? "thanks" : next + 1}`;
}

const codedTexts = (codings: readonly Coding[]): ReadonlySet<string> =>
  new Set(codings.map(({ text }) => text));

function coderNamed(name: string): string {
  if (name.toLowerCase() === cuesCoder) {
    throw new StudyError(`coder ${name}: the cue lists are called so`, { hint: "take another name" });
  }
  return name.length > 80 ? `${name.slice(0, 80)}…` : name;
}

function countOf(given: string): number {
  if (/^[1-9]\d{0,6}$/.test(given)) return Number(given);
  throw new StudyError(`${given.slice(0, 20)}: no number of texts`, {
    hint: "try 60, or leave it empty for all",
  });
}

/** The codes that a form gives its text; nothing chosen is a pass. Throws for what is not in the codebook. */
const codesIn = ({ variables }: Codebook, fields: Fields, text: string): Coding[] =>
  variables.flatMap(({ name, codes }): Coding[] => {
    const given = fields[fieldOf(name)] ?? "";
    if (given === "") return [];
    if (codes.some(({ code }) => code === given)) {
      return [{ text, variable: name, code: String(given), kind: "people" }];
    }
    throw new Otherwise(`${name}: no code ${String(given).slice(0, 60)}`, {
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
