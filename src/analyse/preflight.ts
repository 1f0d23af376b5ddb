import type { AnalyseSettings } from "../study/settings/analyse.ts";
import { codesFile } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";
import { analyses } from "./analyses.ts";
import { refuseUnknownEffects } from "./effects.ts";
import { measuredTexts, ofStories } from "./from-study.ts";

/**
 * Throws StudyError for an unknown name in `analyse:` as early as possible: correcting it after the data would be a
 * deviation from the registration.
 */
export async function preflightAnalyses(study: Study, settled: ReadonlySet<string>): Promise<void> {
  const settings = study.config.analyse;
  refuseUnknownAnalyses(settings);
  refuseUnknownClusters(study);
  if (settled.has(codesFile)) refuseUnknownEffects(settings.effects, await measuredTexts(study));
}

function refuseUnknownClusters({ config: { analyse, survey } }: Study): void {
  const known = [...ofStories, ...survey.demographics.map(({ name }) => name)];
  const unknown = analyse.clusters?.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new StudyError(`analyse.clusters: unknown ${unknown}`, {
    hint: `known are ${known.join(", ")}; add questions to survey.demographics for others`,
  });
}

/** Throws StudyError for an unknown analysis. */
export function refuseUnknownAnalyses({ only = [] }: AnalyseSettings): void {
  const unknown = only.find((wanted) => analyses.every(({ name }) => name !== wanted));
  if (unknown === undefined) return;
  throw new StudyError(`analyse.only: unknown analysis ${unknown}`, {
    hint: `try ${analyses.map(({ name }) => name).join(", ")}`,
  });
}
