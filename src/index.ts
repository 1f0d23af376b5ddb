/**
 * Tiny Love as a library: studies, the output of their stages, statistics, and the functions that define plugins. Exports
 * of this file keep their meaning until the next major version (below 1: the next minor one). Everything else in the
 * package may change at any time. `docs/extending.md` has examples.
 */

// ---- Studies

export {
  makeStudy,
  type NewStudy,
  runStage,
  runStudy,
  type StageStatus,
  silent,
  stageNames,
  statusOf,
} from "./library.ts";
export type { StudyConfig } from "./study/config.ts";
export { type Effects, worldEffects } from "./workbench/effects.ts";
export { StudyError } from "./workbench/errors.ts";
export { openStudy, type Study } from "./workbench/study.ts";
export { version } from "./workbench/version.ts";

// ---- The output of a study's stages

export type { CorpusSummary } from "./study/corpus.ts";
export { type Finding, type Findings, figure, sentence, type Table, table } from "./study/finding.ts";
export type { Form } from "./study/form.ts";
export type { Generation } from "./study/generation.ts";
export type { Judgment } from "./study/judgment.ts";
export type { Key, Stimulus } from "./study/stimulus.ts";
export type { Story } from "./study/story.ts";
export {
  readCorpusSummary,
  readFindings,
  readForms,
  readGenerations,
  readJudgments,
  readKey,
  readStimuli,
  readStories,
} from "./workbench/artefacts.ts";

// ---- Plugins

/** For the schemas of a model's own settings. */
export { z } from "zod";
export { type Analysis, defineAnalysis } from "./analyse/analysis.ts";
export type { Choice, Data, Pair, Rating } from "./analyse/data.ts";
export { defineSource, type NewStory, type SourceDefinition } from "./collect/source.ts";
export type { Request } from "./generate/model.ts";
export {
  defineModel,
  type ModelDefinition,
  type ModelText,
  type OpenModel,
} from "./generate/plugin-model.ts";
export type { Corpus } from "./measures/corpus.ts";
export { defineMeasure, type MeasureDefinition } from "./measures/measure.ts";
export type { ParsedText } from "./measures/parsed-text.ts";
export { defineTask } from "./tasks/define-task.ts";
export type { Item } from "./tasks/items.ts";
export type { TaskDefinition } from "./tasks/task.ts";

// ---- Statistics: pure functions; those that need random numbers take them as an argument

export { cohenKappa, fleissKappa, percentAgreement } from "./stats/agreement.ts";
export { binomialTest } from "./stats/binomial-test.ts";
export { crossedBootstrap } from "./stats/bootstrap.ts";
export { bradleyTerry } from "./stats/bradley-terry.ts";
export { clusteredContrast, clusteredMean } from "./stats/clustered.ts";
export { clusteredDetection, clusteredPairDetection } from "./stats/clustered-detection.ts";
export { clusteredShare } from "./stats/clustered-share.ts";
export { kendall, pearson, spearman } from "./stats/correlation.ts";
export { differenceVerdict } from "./stats/difference-verdict.ts";
export { readerHeterogeneity } from "./stats/heterogeneity.ts";
export type { Interval } from "./stats/interval.ts";
export { clopperPearson, wilson } from "./stats/intervals.ts";
export type { Clusters, Judgments, Origin } from "./stats/judgments.ts";
export { krippendorffAlpha } from "./stats/krippendorff.ts";
export { fitMixedLogistic } from "./stats/mixed-logistic.ts";
export { benjaminiHochberg, holm } from "./stats/multiple-tests.ts";
export { readersForPower, simulatedPower, verdictPower } from "./stats/power.ts";
export { mean, median, quantile, standardDeviation } from "./stats/quantile.ts";
export { type Random, randomFrom } from "./stats/random.ts";
export { sequentialLooks } from "./stats/sequential.ts";
export {
  criterion,
  type SignalDetection,
  sensitivity,
  signalDetection,
  twoAlternativeDetection,
} from "./stats/signal-detection.ts";
export { type Tost, tost, tostPower, tostSampleSize } from "./stats/tost.ts";
export {
  proportionVerdict,
  type StudyVerdict,
  type Verdict,
  type VerdictOptions,
  verdictTest,
} from "./stats/verdict-test.ts";

// ---- Text: pure functions

export { sentencesOf } from "./text/sentences.ts";
export { countWords } from "./text/words.ts";
