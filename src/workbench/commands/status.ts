import { z } from "zod";
import { readManifest, type State, stateOf } from "../manifest.ts";
import { type AnyStage, command } from "../stage.ts";
import { openStudy, type Study } from "../study.ts";

/** A stage with its state, once the states of the stages before it are taken into account. */
export interface StageState {
  readonly stage: AnyStage;
  readonly state: State;
}

/** `tinylove status`: fresh, stale or missing for every stage, and what would run next. */
export const status = (stages: readonly AnyStage[]) =>
  command({
    name: "status",
    summary: "Tell what is fresh, stale or missing, and what would run next",
    examples: ["tinylove status --study my-study", "tinylove status --json"],
    flags: [["--json", "for a program to read"]],
    options: z.object({ json: z.boolean().default(false) }),
    async run(folder, { json }, effects) {
      const states = await statesOf(stages, await openStudy(folder));
      if (json) {
        effects.print(
          JSON.stringify(
            states.map(({ stage, state }) => ({ stage: stage.name, ...state })),
            null,
            2,
          ),
        );
        return;
      }
      for (const { stage, state } of states) effects.print(lineOf(stage, state));
      const next = states.find(({ state }) => state.is === "missing" || state.is === "stale");
      effects.print(
        next ? `\nnext: tinylove ${next.stage.name} (or \`tinylove run\` for all)` : "\nall is fresh",
      );
    },
  });

/** States in order; what reads the work of a stage that has to run is stale itself. */
export async function statesOf(stages: readonly AnyStage[], study: Study): Promise<StageState[]> {
  const manifest = await readManifest(study);
  const toBeRewritten = new Map<string, string>();
  const states: StageState[] = [];
  for (const stage of stages) {
    const own = await stateOf(stage, study, manifest);
    const source = stage.reads.find((path) => toBeRewritten.has(path));
    const state: State =
      own.is === "fresh" && source
        ? { is: "stale", because: `${toBeRewritten.get(source)} has to run` }
        : own;
    if (state.is === "missing" || state.is === "stale")
      for (const path of stage.writes) toBeRewritten.set(path, stage.name);
    states.push({ stage, state });
  }
  return states;
}

function lineOf(stage: AnyStage, state: State): string {
  const reason = "because" in state ? ` (${state.because})` : "";
  return `${stage.name.padEnd(10)} ${state.is.padEnd(8)} ${stage.writes.join(", ")}${reason}`;
}
