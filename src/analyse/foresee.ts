import type { AnalyseSettings } from "../study/settings/analyse.ts";
import { aboutPeople } from "../tasks/asked.ts";
import { codesFile } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";
import type { Analysis } from "./analysis.ts";
import { refuseUnknownEffects } from "./effects.ts";

/**
 * Throws StudyError for a name in `analyse:` that nothing has, once it can be told: before the data, for a slip that is
 * found when they are there is a change after registration.
 */
export async function foreseeAnalyses(study: Study, settled: ReadonlySet<string>): Promise<void> {
  const { analyse } = study.config;
  if (analyse.only) {
    const { analysesWith } = await import("./analyses.ts");
    refuseUnknownAnalyses(analyse, analysesWith(study.plugins));
  }
  if (analyse.clusters) await refuseUnknownClusters(study, analyse.clusters);
  if (!settled.has(codesFile)) return;
  const { measuredTexts } = await import("./from-study.ts");
  refuseUnknownEffects(analyse.effects, await measuredTexts(study));
}

async function refuseUnknownClusters({ config }: Study, clusters: readonly string[]): Promise<void> {
  const { ofStories } = await import("./from-study.ts");
  const known = [...ofStories, ...aboutPeople(config).map(({ name }) => name)];
  const unknown = clusters.find((name) => !known.includes(name));
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
