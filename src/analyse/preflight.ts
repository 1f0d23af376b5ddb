import type { AnalyseSettings } from "../study/settings/analyse.ts";
import { allAboutItems } from "../tasks/task-settings.ts";
import { codesFile } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";
import type { Analysis } from "./analysis.ts";
import { refuseUnknownEffects } from "./fixed-effects.ts";

/**
 * Throws StudyError for an unknown name in `analyse:` as early as possible: correcting it after the data would be a
 * deviation from the registration.
 */
export async function preflightAnalyses(study: Study, settled: ReadonlySet<string>): Promise<void> {
  const settings = study.config.analyse;
  if (settings.only || study.plugins.members.length > 0) {
    const { analysesWith } = await import("./analyses.ts");
    refuseUnknownAnalyses(settings, analysesWith(study.plugins));
  }
  await refuseUnknownClusters(study);
  if (!settled.has(codesFile)) return;
  const { measuredTexts } = await import("./from-study.ts");
  refuseUnknownEffects(settings.effects, await measuredTexts(study));
}

async function refuseUnknownClusters({ config }: Study): Promise<void> {
  if (!config.analyse.clusters) return;
  const { ofStories } = await import("./from-study.ts");
  const known = [...ofStories, ...allAboutItems(config).map(({ name }) => name)];
  const unknown = config.analyse.clusters.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new StudyError(`analyse.clusters: unknown ${unknown}`, {
    hint: `known are ${known.join(", ")}; add questions to survey.demographics for others`,
  });
}

/** Throws StudyError for an unknown analysis. */
export function refuseUnknownAnalyses({ only = [] }: AnalyseSettings, analyses: readonly Analysis[]): void {
  const unknown = only.find((wanted) => analyses.every(({ name }) => name !== wanted));
  if (unknown === undefined) return;
  throw new StudyError(`analyse.only: unknown analysis ${unknown}`, {
    hint: `try ${analyses.map(({ name }) => name).join(", ")}`,
  });
}
