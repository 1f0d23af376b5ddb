import type { Effects } from "./effects.ts";
import { StudyError } from "./errors.ts";
import { runStage } from "./manifest.ts";
import { preflightAll } from "./preflight.ts";
import type { AnyStage } from "./stage.ts";
import { type StageState, stagesUpstream, statesOf } from "./states.ts";
import type { Study } from "./study.ts";

/**
 * Runs one stage alone. Warns if a stage that it depends on is stale. If the stage then fails, the error's hint names
 * the stale stage, because that is the more likely cause.
 */
export async function runSingleStage(
  stage: AnyStage,
  stages: readonly AnyStage[],
  study: Study,
  options: unknown,
  effects: Effects,
): Promise<void> {
  await preflightAll(stages, study);
  const index = stages.indexOf(stage);
  const states = await statesOf(stages.slice(0, index), study);
  const stale = firstStale(states, stagesUpstream(stage, stages));
  if (stale !== undefined)
    effects.warn(`${stale}; ${stage.name} uses the existing files (\`tinylove run\` brings them up to date)`);
  const settled = states.flatMap(({ stage: { writes }, state: { is } }) => (is === "fresh" ? writes : []));
  try {
    await preflightAll(stages.slice(index), study, new Set(settled));
    await runStage(stage, study, options, effects);
  } catch (thrown) {
    if (stale === undefined || !(thrown instanceof StudyError)) throw thrown;
    throw new StudyError(thrown.message, { hint: `${stale}: run \`tinylove run\``, cause: thrown });
  }
}

function firstStale(states: readonly StageState[], upstream: readonly AnyStage[]): string | undefined {
  for (const { stage, state } of states)
    if (state.is === "stale" && upstream.includes(stage))
      return `${stage.name} is stale because ${state.because}`;
  return undefined;
}
