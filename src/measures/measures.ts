import { withPlugins } from "../plugins/plugin.ts";
import type { Study } from "../workbench/study.ts";
import { continuity } from "./continuity.ts";
import { copiedFromExample, copiedFromTraining } from "./copying.ts";
import { cutOff } from "./cut-off.ts";
import { dialogueWords, hasDialogue } from "./dialogue.ts";
import { foreign } from "./foreign.ts";
import { grammar } from "./grammar.ts";
import type { Measure, MeasureDefinition } from "./measure.ts";
import { names } from "./names.ts";
import { perplexity } from "./perplexity.ts";
import { person } from "./person.ts";
import { pronounLoop } from "./pronoun-loop.ts";
import { readability } from "./readability.ts";
import { distinct1, distinct2, functionWords, pronouns, repeated4 } from "./repetition.ts";
import { sentences } from "./sentences.ts";
import { tense } from "./tense.ts";
import { titleRelevance } from "./title-relevance.ts";
import { words } from "./words.ts";

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

/** The built-in measures and those of the study's plugins. Texts are measured again if the plugin changes. */
export const measuresOf = ({ plugins }: Study): readonly Measure[] =>
  withPlugins(measures, "measure", plugins, ({ definition, hash }) => ({
    ...(definition as MeasureDefinition),
    version: Number.parseInt(hash.slice(0, 12), 16),
  }));
