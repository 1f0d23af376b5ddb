import { drawnTexts, readCoders } from "../coding/codings.ts";
import { coderInTextSet, readTextSet, TextSet } from "../coding/text-sets.ts";
import type { Coding } from "../study/coding.ts";
import { equalSecrets, hmac } from "../survey/ids.ts";
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
