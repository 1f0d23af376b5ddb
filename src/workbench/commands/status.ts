import { z } from "zod";
import { StudyError } from "../errors.ts";
import { nothingToDo, type State } from "../manifest.ts";
import { preflightAll } from "../preflight.ts";
import { quoted } from "../quoted.ts";
import { type AnyStage, command } from "../stage.ts";
import { isDue, type StageState, statesOf } from "../states.ts";
import { openStudy, type Study } from "../study.ts";
import { type TextStyle, textStyleOf } from "../terminal-style.ts";
import { wrapped } from "../wrapped.ts";

/** `tinylove status`: fresh, stale or missing for every stage, and what would run next. */
export const status = (stages: readonly AnyStage[]) =>
  command({
    name: "status",
    examples: ["tinylove status --study my-study", "tinylove status --json"],
    flags: [["--json", "print JSON, for programs"]],
    options: z.object({ json: z.boolean().default(false) }),
    async run(folder, { json }, effects) {
      const study = await openStudy(folder);
      await preflightAll(stages, study);
      const states = await statesOf(stages, study);
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
      const width = effects.terminal?.columns ?? Number.POSITIVE_INFINITY;
      const style = textStyleOf(effects);
      for (const { stage, state } of states)
        effects.print(coloured(wrapped(lineOf(stage, state), width, 20), state, style));
      const next = states.find(({ state }) => isDue(state));
      const line = next
        ? await nextCommand(next.stage, study, folder)
        : ["everything is fresh", ...states.flatMap(waitingFor)].join("; ");
      effects.print(`\n${style.bold(wrapped(line, width))}`);
    },
  });

/** The next command, or why it must not run any more. */
async function nextCommand(stage: AnyStage, study: Study, folder: string): Promise<string> {
  const where = folder === "." ? "" : ` --study ${quoted(folder)}`;
  try {
    await stage.assertNotFrozen?.(study);
    return `next: tinylove ${stage.name}${where} (or \`tinylove run${where}\` for all)`;
  } catch (thrown) {
    if (thrown instanceof StudyError) return `${thrown.message} (${thrown.hint})`;
    throw thrown;
  }
}

/** `waiting for answers`, if a stage says what it waits for. */
const waitingFor = ({ state }: StageState): string[] =>
  state.is === "waiting" && state.because !== nothingToDo ? [`waiting ${state.because}`] : [];

/** The line with its state in colour. */
const coloured = (line: string, { is }: State, style: TextStyle): string =>
  line.replace(
    ` ${is}`,
    ` ${{ fresh: style.good, stale: style.warn, missing: style.warn, waiting: style.faint }[is](is)}`,
  );

function lineOf(stage: AnyStage, state: State): string {
  const reason = "because" in state ? ` (${state.because})` : "";
  return `${stage.name.padEnd(10)} ${state.is.padEnd(8)} ${stage.writes.join(", ")}${reason}`;
}
