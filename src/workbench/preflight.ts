import type { AnyStage } from "./stage.ts";
import type { Study } from "./study.ts";

/**
 * Asks every stage whether it can already be told that it will fail, so that a slip in study.yaml is told before the
 * first minute of work and not when its stage comes. Throws StudyError.
 */
export async function preflightAll(
  stages: readonly AnyStage[],
  study: Study,
  settled: ReadonlySet<string> = new Set(),
): Promise<void> {
  for (const stage of stages) await stage.preflight?.(study, settled);
}
