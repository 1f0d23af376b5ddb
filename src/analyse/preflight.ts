import { type AnalyseSettings, storyClusters } from "../study/settings/analyse.ts";
import { allAboutItems } from "../tasks/task-settings.ts";
import { codesFile } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";
import type { Analysis } from "./analysis.ts";
import { assertKnownEffects } from "./fixed-effects.ts";

/**
 * Throws StudyError for an unknown name in `analyse:` as early as possible: a correction after data collection would be a
 * deviation from the registration.
 */
export async function preflightAnalyses(study: Study, settled: ReadonlySet<string>): Promise<void> {
  const settings = study.config.analyse;
  if (settings.only || study.plugins.members.length > 0) {
    const { analysesWith } = await import("./analyses.ts");
    assertKnownAnalyses(settings, analysesWith(study.plugins));
  }
  assertKnownClusters(study);
  await assertGroupsPossible(study);
  if (!settled.has(codesFile)) return;
  const { measuredTexts } = await import("./from-study.ts");
  assertKnownEffects(settings.effects, await measuredTexts(study));
}

function assertKnownClusters({ config }: Study): void {
  if (!config.analyse.clusters) return;
  const known = [...storyClusters, ...allAboutItems(config).map(({ name }) => name)];
  const unknown = config.analyse.clusters.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new StudyError(`analyse.clusters: unknown ${unknown}`, {
    hint: `known are ${known.join(", ")}; add questions to survey.demographics for others`,
  });
}

/** Throws StudyError for groups of readers that cannot be made. */
async function assertGroupsPossible({ config }: Study): Promise<void> {
  if (!config.analyse.groups) return;
  const { aboutReaders, problemWithGroups } = await import("./reader-groups.ts");
  const problem = problemWithGroups(config.analyse.groups, aboutReaders(allAboutItems(config)));
  if (problem) throw new StudyError(problem.message, { hint: problem.hint });
}

/** Throws StudyError for an unknown analysis. */
export function assertKnownAnalyses({ only = [] }: AnalyseSettings, analyses: readonly Analysis[]): void {
  const unknown = only.find((wanted) => analyses.every(({ name }) => name !== wanted));
  if (unknown === undefined) return;
  throw new StudyError(`analyse.only: unknown analysis ${unknown}`, {
    hint: `try ${analyses.map(({ name }) => name).join(", ")}`,
  });
}
