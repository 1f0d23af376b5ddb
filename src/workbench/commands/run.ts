import { z } from "zod";
import type { Effects } from "../effects.ts";
import { exists } from "../files.ts";
import { nothingToDo, readManifest, runStage, stateOf } from "../manifest.ts";
import { preflightAll } from "../preflight.ts";
import { duration } from "../progress.ts";
import { quoted } from "../quoted.ts";
import { type AnyStage, command } from "../stage.ts";
import { isDue, statesOf } from "../states.ts";
import { openStudy, type Study } from "../study.ts";
import { textStyleOf } from "../terminal-style.ts";

/** Texts to log when a stage starts, by its name. */
type Summaries = Readonly<Record<string, { readonly summary: string }>>;

/** `tinylove run`: every stage that is stale or missing, in order. */
export const runAll = (stages: readonly AnyStage[], summaries: Summaries = {}) =>
  command({
    name: "run",
    examples: ["tinylove run --study my-study", "tinylove run --dry-run"],
    flags: [["--dry-run", "list what would run, without running it"]],
    options: z.object({ dryRun: z.boolean().default(false) }),
    async run(folder, { dryRun }, effects) {
      const study = await openStudy(folder);
      await preflightAll(stages, study);
      await (dryRun ? listDue(stages, study, effects) : runStale(stages, summaries, study, effects));
      if (!dryRun) await sayNext(stages, study, folder, effects);
    },
  });

/** What to do after a run: wait for readers, or read the report. */
async function sayNext(
  stages: readonly AnyStage[],
  study: Study,
  folder: string,
  effects: Effects,
): Promise<void> {
  const style = textStyleOf(effects);
  const waiting = (await statesOf(stages, study)).flatMap(({ state }) =>
    state.is === "waiting" && state.because !== nothingToDo ? [state.because] : [],
  );
  const page = study.path("report", "report.html");
  if (await exists(page)) effects.log(`read: ${style.bold(quoted(page))}`);
  if (waiting.length > 0)
    effects.log(
      `next: \`tinylove serve${folder === "." ? "" : ` --study ${quoted(folder)}`}\` (waiting ${waiting.join("; ")})`,
    );
}

/** Checks states again before each stage: a stage that produced the same files leaves later stages fresh. */
async function runStale(
  stages: readonly AnyStage[],
  summaries: Summaries,
  study: Study,
  effects: Effects,
): Promise<void> {
  await assertNoneFrozen(stages, study);
  const settled = new Set<string>();
  for (const [at, stage] of stages.entries()) {
    const state = await stateOf(stage, study, await readManifest(study));
    if (state.is === "waiting") continue;
    if (state.is === "fresh") {
      effects.log(`${stage.name}: fresh`);
      for (const path of stage.writes) settled.add(path);
      continue;
    }
    await preflightAll(stages.slice(at), study, settled);
    effects.signal.throwIfAborted();
    const summary = summaries[stage.name]?.summary;
    effects.log(summary ? `${stage.name}: ${summary}` : stage.name);
    const started = effects.now();
    await runStage(stage, study, stage.options?.parse({}) ?? {}, effects);
    effects.log(`${stage.name}: done in ${duration(effects.now() - started)}`);
    for (const path of stage.writes) settled.add(path);
  }
}

/** Refuses before any work if a stage that has to run would change what people have read. */
async function assertNoneFrozen(stages: readonly AnyStage[], study: Study): Promise<void> {
  const manifest = await readManifest(study);
  for (const stage of stages) {
    if (!stage.assertNotFrozen) continue;
    if (isDue(await stateOf(stage, study, manifest))) await stage.assertNotFrozen(study);
  }
}

async function listDue(stages: readonly AnyStage[], study: Study, effects: Effects): Promise<void> {
  const states = await statesOf(stages, study);
  const due = states.filter(({ state }) => isDue(state));
  effects.print(
    due.length > 0 ? due.map(({ stage }) => stage.name).join("\n") : "nothing: everything is fresh",
  );
}
