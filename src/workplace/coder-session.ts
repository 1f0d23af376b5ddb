import { drawnTexts, readCoders } from "../coding/codings.ts";
import { coderInTextSet, readTextSet, TextSet } from "../coding/text-sets.ts";
import type { Coding } from "../study/coding.ts";
import { cuesCoder } from "../study/coding.ts";
import { equalSecrets, hmac } from "../survey/ids.ts";
import type { CoderLink } from "../survey/survey-monitor.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";

/** The coder that a link belongs to, and the texts that it opens. */
export interface CoderSession {
  readonly name: string;
  readonly textSet: TextSet;
  readonly count: number;
  /** The name of the file with the codes. */
  readonly file: string;
}

/** The token of a coder's link: name, number of texts and a signature, which also covers the text set without naming it. */
export function coderToken(signingKey: string, { name, textSet, count }: Omit<CoderSession, "file">): string {
  const purpose = { study: "coder", factorial: "coder of the factorial" }[textSet];
  return `${name}.${count}.${hmac(signingKey, purpose, name, String(count))}`;
}

/** Makes a coder's link. Throws StudyError for an invalid name, or one that belongs to a model. */
export async function makeCoderLink(
  study: Study,
  signingKey: string,
  { coder = "", count: wanted = "", text_set: chosen }: Readonly<Record<string, string>>,
): Promise<CoderLink> {
  const textSet = TextSet.catch("study").parse(chosen);
  const name = parseCoderName(coder.trim());
  const all = { name, textSet, file: coderInTextSet(name, textSet), count: Number.POSITIVE_INFINITY };
  // Throws if the name belongs to a model.
  await codingsOf(study, all);
  const count = wanted.trim() === "" ? {} : { count: parseCount(wanted.trim()) };
  const texts = await textsFor(study, { ...all, ...count });
  const token = coderToken(signingKey, { name, textSet, count: texts.length });
  return { name, textSet, count: texts.length, path: `/coding/enter/${token}` };
}

function parseCoderName(name: string): string {
  if (name.toLowerCase() === cuesCoder) {
    throw new StudyError(`coder ${name}: this name is reserved for the cue words`, {
      hint: "choose another name",
    });
  }
  return name.length > 80 ? `${name.slice(0, 80)}…` : name;
}

function parseCount(given: string): number {
  if (/^[1-9]\d{0,6}$/.test(given)) return Number(given);
  throw new StudyError(`${given.slice(0, 20)}: not a number of texts`, {
    hint: "try 60, or leave it empty for all",
  });
}

/** The coder that a token belongs to. Throws if this study did not make it. */
export function coderFromToken(signingKey: string, token: string): CoderSession {
  const [name = "", count = ""] = token.split(".");
  for (const textSet of TextSet.options) {
    const coder = { name, textSet, count: Number(count) };
    if (equalSecrets(token, coderToken(signingKey, coder)))
      return { ...coder, file: coderInTextSet(name, textSet) };
  }
  throw new InvalidCoderLink();
}

/** A mistake that the coder can correct. */
export class CoderError extends StudyError {
  readonly status: number = 400;
}

/** A request without a valid coder's link. */
export class InvalidCoderLink extends CoderError {
  override readonly status = 403;
  constructor() {
    super("This page needs a coder's personal link", { hint: "open the complete link that you were sent" });
  }
}

/** A text to code: only what the page and the file need. */
export interface CodedText {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

/**
 * The coder's texts in the coder's order, the same as on a sheet: `count` texts drawn from the text set, human and machine
 * texts alternately while there are both. Throws StudyError if there are none.
 */
export async function textsFor(
  study: Study,
  { textSet, file, count }: CoderSession,
): Promise<readonly CodedText[]> {
  const { stories, generations } = await readTextSet(study, textSet);
  const human = stories.map((story) => ({ ...story, origin: "human" as const }));
  const machine = generations
    .filter(({ text }) => text.trim() !== "")
    .map((generation) => ({ ...generation, origin: "machine" as const }));
  const drawn = drawnTexts<(typeof human | typeof machine)[number]>(study, [...human, ...machine], count);
  if (drawn.length === 0)
    throw new StudyError("there are no texts to code yet", { hint: "run `tinylove collect` first" });
  return study.random("code", "order", file).shuffle(drawn);
}

/** The codes of a coder so far. Throws StudyError if the name belongs to a model. */
export async function codingsOf(study: Study, { name, file }: CoderSession): Promise<readonly Coding[]> {
  const coder = (await readCoders(study)).find((candidate) => candidate.name === file);
  if (!coder || coder.kind === "people") return coder?.codings ?? [];
  throw new StudyError(`coder ${name}: this is the name of a model`, { hint: "choose another name" });
}
