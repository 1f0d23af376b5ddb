import { distinctN, functionWordShare, pronounShare, seqRepN } from "../text/repetition.ts";
import type { QuickMeasure, Value } from "./measure.ts";
import type { Reading } from "./reading.ts";

const share = (name: string, means: string, unit: string, of: (plain: string) => Value): QuickMeasure => ({
  name,
  means,
  unit,
  format: "number",
  version: 1,
  of: ({ plain }: Reading) => of(plain),
});

export const distinct1 = share(
  "distinct_1",
  "how many of its words are different ones",
  "share of words",
  (text) => distinctN(text, 1),
);

export const distinct2 = share(
  "distinct_2",
  "how many of its pairs of words are different ones",
  "share of pairs",
  (text) => distinctN(text, 2),
);

export const repeated4 = share(
  "rep_4",
  "how many of its runs of four words stood in it before",
  "share of runs",
  (text) => seqRepN(text, 4),
);

export const pronouns = share(
  "pronoun_share",
  "how many of its words are pronouns",
  "share of words",
  pronounShare,
);

export const functionWords = share(
  "function_word_share",
  "how many of its words only join others (articles, pronouns, prepositions, auxiliaries)",
  "share of words",
  functionWordShare,
);
