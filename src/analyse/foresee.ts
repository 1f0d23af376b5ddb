import type { AnalyseSettings } from "../study/settings/analyse.ts";
import { aboutPeople } from "../tasks/asked.ts";
import { codesFile } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";
import type { Analysis } from "./analysis.ts";
import { refuseUnknownEffects } from "./fixed-effects.ts";

/**
 * Throws StudyError for a name in `analyse:` that nothing has, once it can be told: before the data, for a slip that is
 * found when they are there is a change after registration.
 */
export async function foreseeAnalyses(study: Study, settled: ReadonlySet<string>): Promise<void> {
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
  const known = [...ofStories, ...aboutPeople(config).map(({ name }) => name)];
  const unknown = config.analyse.clusters.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new StudyError(`analyse.clusters: unknown ${unknown}`, {
    hint: `a study knows ${known.join(", ")}; ask readers for more in survey.demographics`,
  });
}

/** Throws StudyError for an analysis that there is not. */
export function refuseUnknownAnalyses({ only = [] }: AnalyseSettings, analyses: readonly Analysis[]): void {
  const unknown = only.find((wanted) => analyses.every(({ name }) => name !== wanted));
  if (unknown === undefined) return;
  throw new StudyError(`analyse.only: unknown analysis ${unknown}`, {
    hint: `try ${analyses.map(({ name }) => name).join(", ")}`,
  });
}
