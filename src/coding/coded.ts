import type { Coder } from "../study/coding.ts";
import type { Study } from "../workbench/study.ts";
import { type Agreement, agreements } from "./agreement.ts";
import { readCodebook, type Variable } from "./codebook.ts";
import { codersOf } from "./codings.ts";
import { type FinalCode, finalCodes } from "./final-codes.ts";
import type { Text } from "./texts.ts";

/** All codes of the texts: the coders, the codes that the study uses, and the coders' agreement. */
export interface Coded {
  readonly variables: readonly Variable[];
  readonly coders: readonly Coder[];
  /** By variable and text. */
  readonly finalCodes: ReadonlyMap<string, ReadonlyMap<string, FinalCode>>;
  readonly agreements: readonly Agreement[];
}

/** All codes of these texts. */
export async function codedTexts(study: Study, texts: readonly Text[]): Promise<Coded> {
  const codebook = await readCodebook(study);
  const coders = await codersOf(study, "study", texts, codebook);
  const names = codebook.variables.map(({ name }) => name);
  return {
    variables: codebook.variables,
    coders,
    finalCodes: finalCodes(coders, names),
    agreements: agreements(coders, names),
  };
}
