import type { AnyStage } from "./stage.ts";
import type { Study } from "./study.ts";

/**
 * Lets every stage check what can already be checked, so that configuration errors are caught before any stage runs.
 * Throws StudyError.
 */
export async function preflightAll(
  stages: readonly AnyStage[],
  study: Study,
  settled: ReadonlySet<string> = new Set(),
): Promise<void> {
  for (const stage of stages) await stage.preflight?.(study, settled);
}
