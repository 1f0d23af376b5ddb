import { drawnTexts, readCoders } from "../coding/codings.ts";
import { coderInTextSet, readTextSet, TextSet } from "../coding/text-sets.ts";
import type { Coding } from "../study/coding.ts";
import { equalSecrets, hmac } from "../survey/ids.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";

/** Whom a link lets in, and to which texts. */
export interface CoderSession {
  readonly name: string;
  readonly textSet: TextSet;
  readonly count: number;
  /** The name of the file that keeps the codes. */
  readonly file: string;
}

/** Says who codes and how many texts; the seal shows that the study's own server made it, and covers the text set without naming it. */
export function coderToken(sealKey: string, { name, textSet, count }: Omit<CoderSession, "file">): string {
  const purpose = { study: "coder", factorial: "coder of the factorial" }[textSet];
  return `${name}.${count}.${hmac(sealKey, purpose, name, String(count))}`;
}

/** Whose link this is; throws where this study never made it. */
export function coderFromToken(sealKey: string, token: string): CoderSession {
  const [name = "", count = ""] = token.split(".");
  for (const textSet of TextSet.options) {
    const coder = { name, textSet, count: Number(count) };
    if (equalSecrets(token, coderToken(sealKey, coder)))
      return { ...coder, file: coderInTextSet(name, textSet) };
  }
  throw new InvalidCoderLink();
}

/** What a coder did otherwise than the pages ask. */
export class CoderError extends StudyError {
  readonly status: number = 400;
}

/** Somebody without a coder's link. */
export class InvalidCoderLink extends CoderError {
  override readonly status = 403;
  constructor() {
    super("This page opens by a coder's own link", { hint: "open the whole link that you were sent" });
  }
}

/** A text to code, with no more of it than the page and the file need. */
export interface CodedText {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

/**
 * The coder's texts in the coder's order, as on the sheet: the first `count` that are drawn of the lot,
 * people's and machines' by turns for as long as there are both. Throws StudyError where there are none.
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
    throw new StudyError("there are no texts to code yet", { hint: "collect some first" });
  return study.random("code", "order", file).shuffle(drawn);
}

/** What a person has coded so far. Throws StudyError where the name is a model's. */
export async function codingsOf(study: Study, { name, file }: CoderSession): Promise<readonly Coding[]> {
  const coder = (await readCoders(study)).find((candidate) => candidate.name === file);
  if (!coder || coder.kind === "people") return coder?.codings ?? [];
  throw new StudyError(`coder ${name}: a model is called so`, { hint: "take another name" });
}
