import { withPlugins } from "../plugins/plugin.ts";
import type { Study } from "../workbench/study.ts";
import type { Measure, MeasureDefinition } from "./measure.ts";
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

/** What is measured of every text, in the order of the columns of `corpus/codes.csv`. */
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

/** These, and those of the study's plugins. Values of a plugin's measure are taken again when the plugin changes. */
export const measuresOf = ({ plugins }: Study): readonly Measure[] =>
  withPlugins(measures, "measure", plugins, ({ definition, hash }) => ({
    ...(definition as MeasureDefinition),
    version: Number.parseInt(hash.slice(0, 12), 16),
  }));
