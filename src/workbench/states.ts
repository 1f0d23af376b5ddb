import { readManifest, type State, stateOf } from "./manifest.ts";
import type { AnyStage } from "./stage.ts";
import type { Study } from "./study.ts";

/** A stage with its state, which takes the stages before it into account. */
export interface StageState {
  readonly stage: AnyStage;
  readonly state: State;
}

/** States in order. A stage that reads the output of one that has to run is stale itself. */
export async function statesOf(stages: readonly AnyStage[], study: Study): Promise<StageState[]> {
  const manifest = await readManifest(study);
  const due: AnyStage[] = [];
  const states: StageState[] = [];
  for (const stage of stages) {
    const own = await stateOf(stage, study, manifest);
    const source = due.find((other) => isInputOf(other, stage));
    const state: State =
      own.is === "fresh" && source ? { is: "stale", because: `${source.name} has to run` } : own;
    if (isDue(state)) due.push(stage);
    states.push({ stage, state });
  }
  return states;
}

/** Whether a stage has to run. */
export const isDue = ({ is }: State): boolean => is === "stale" || is === "missing";

/** The stages that this one depends on, directly or through others, in order. */
export function stagesUpstream(stage: AnyStage, stages: readonly AnyStage[]): AnyStage[] {
  const upstream: AnyStage[] = [];
  for (const other of stages.slice(0, stages.indexOf(stage)).reverse())
    if ([stage, ...upstream].some((reader) => isInputOf(other, reader))) upstream.unshift(other);
  return upstream;
}

/** Whether one stage writes what another reads; one may give a folder and the other a file in it. */
const isInputOf = ({ writes }: AnyStage, { reads }: AnyStage): boolean =>
  writes.some((written) => reads.some((read) => within(written, read) || within(read, written)));

const within = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
