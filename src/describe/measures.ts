import type { Measure } from "./measure.ts";
import { continuity } from "./measures/continuity.ts";
import { copiedFromExample, copiedFromTraining } from "./measures/copying.ts";
import { cutOff } from "./measures/cut-off.ts";
import { dialogueWords, hasDialogue } from "./measures/dialogue.ts";
import { foreign } from "./measures/foreign.ts";
import { grammar } from "./measures/grammar.ts";
import { names } from "./measures/names.ts";
import { perplexity } from "./measures/perplexity.ts";
import { person } from "./measures/person.ts";
import { pronounLoop } from "./measures/pronoun-loop.ts";
import { readability } from "./measures/readability.ts";
import { distinct1, distinct2, functionWords, pronouns, repeated4 } from "./measures/repetition.ts";
import { sentences } from "./measures/sentences.ts";
import { tense } from "./measures/tense.ts";
import { titleRelevance } from "./measures/title-relevance.ts";
import { words } from "./measures/words.ts";

/** All measures, in the order of the columns of `corpus/codes.csv`. */
export const measures: readonly Measure[] = [
  words,
  sentences,
  readability,
  dialogueWords,
  hasDialogue,
  person,
  tense,
  names,
  foreign,
  distinct1,
  distinct2,
  repeated4,
  pronouns,
  functionWords,
  pronounLoop,
  cutOff,
  titleRelevance,
  continuity,
  copiedFromExample,
  copiedFromTraining,
  grammar,
  perplexity,
];
