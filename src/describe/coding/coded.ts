import { type Coder, cuesCoder } from "../../study/coding.ts";
import { readCodebook, type Variable } from "../../workbench/codebook.ts";
import { readCoders } from "../../workbench/codings.ts";
import type { Study } from "../../workbench/study.ts";
import type { Text } from "../texts.ts";
import { type Agreement, agreements } from "./agreement.ts";
import { codedByCues } from "./cues.ts";
import { type Settled, settledCodes } from "./settled.ts";

/** What is coded of the texts: who coded, what the study goes by, and how far the coders agree. */
export interface Coded {
  readonly variables: readonly Variable[];
  readonly coders: readonly Coder[];
  /** By variable and text. */
  readonly settled: ReadonlyMap<string, ReadonlyMap<string, Settled>>;
  readonly agreements: readonly Agreement[];
}

/** The cue lists' codes of every text, beside what people and models have coded of them. */
export async function codedTexts(study: Study, texts: readonly Text[]): Promise<Coded> {
  const codebook = await readCodebook(study);
  const cues: Coder = { name: cuesCoder, kind: "cues", codings: codedByCues(texts, codebook) };
  const ids = new Set(texts.map(({ id }) => id));
  const others = (await readCoders(study)).filter(({ name }) => name !== cuesCoder);
  // Texts may have gone since they were coded.
  const there = others.map((coder) => ({
    ...coder,
    codings: coder.codings.filter(({ text }) => ids.has(text)),
  }));
  const coders = [...there, cues];
  const names = codebook.variables.map(({ name }) => name);
  return {
    variables: codebook.variables,
    coders,
    settled: settledCodes(coders, names),
    agreements: agreements(coders, names),
  };
}
