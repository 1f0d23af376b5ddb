import { distinctN, functionWordShare, pronounShare, seqRepN } from "../text/repetition.ts";
import type { QuickMeasure, Value } from "./measure.ts";
import type { ParsedText } from "./parsed-text.ts";

const shareMeasure = (
  name: string,
  label: string,
  meaning: string,
  unit: string,
  of: (plain: string) => Value,
): QuickMeasure => ({
  name,
  label,
  meaning,
  unit,
  format: "number",
  version: 1,
  of: ({ plain }: ParsedText) => of(plain),
});

export const distinct1 = shareMeasure(
  "distinct_1",
  "different words",
  "share of different words",
  "share of words",
  (text) => distinctN(text, 1),
);

export const distinct2 = shareMeasure(
  "distinct_2",
  "different pairs of words",
  "share of different pairs of words",
  "share of pairs",
  (text) => distinctN(text, 2),
);

export const repeated4 = shareMeasure(
  "rep_4",
  "repeated runs of four words",
  "share of runs of four words that occurred before in the text",
  "share of runs",
  (text) => seqRepN(text, 4),
);

export const pronouns = shareMeasure(
  "pronoun_share",
  "pronouns",
  "share of pronouns",
  "share of words",
  pronounShare,
);

export const functionWords = shareMeasure(
  "function_word_share",
  "function words",
  "share of function words (articles, pronouns, prepositions, auxiliaries)",
  "share of words",
  functionWordShare,
);
