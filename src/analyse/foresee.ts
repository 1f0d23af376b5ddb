import type { AnalyseSettings } from "../study/settings/analyse.ts";
import { codesFile } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";
import { analyses } from "./analyses.ts";
import { refuseUnknownEffects } from "./fixed-effects.ts";
import { measuredTexts, ofStories } from "./from-study.ts";

/**
 * Throws StudyError for a name in `analyse:` that nothing has, once it can be told: before the data, for a slip that is
 * found when they are there is a change after registration.
 */
export async function foreseeAnalyses(study: Study, settled: ReadonlySet<string>): Promise<void> {
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
    hint: `a study knows ${known.join(", ")}; ask readers for more in survey.demographics`,
  });
}

/** Throws StudyError for an analysis that there is not. */
export function refuseUnknownAnalyses({ only = [] }: AnalyseSettings): void {
  const unknown = only.find((wanted) => analyses.every(({ name }) => name !== wanted));
  if (unknown === undefined) return;
  throw new StudyError(`analyse.only: unknown analysis ${unknown}`, {
    hint: `try ${analyses.map(({ name }) => name).join(", ")}`,
  });
}
