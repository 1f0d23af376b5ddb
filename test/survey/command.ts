import { main } from "../../src/cli.ts";
import type { Effects } from "../../src/workbench/effects.ts";
import type { Study } from "../../src/workbench/study.ts";
import { quietEffects } from "./fixture.ts";

/** Runs a command line on a study; returns its exit code and messages. */
export async function tinylove(
  study: Study,
  words: readonly string[],
  changes: Partial<Effects> = {},
): Promise<{ code: number; output: string }> {
  const effects = quietEffects(changes);
  const code = await main([...words, "--study", study.folder], effects);
  return { code, output: effects.logged.join("\n") };
}

/** Runs `serve` until the survey is open, then stops it; or returns its messages if it does not open. */
export async function serveOnce(study: Study, changes: Partial<Effects> = {}) {
  const ended = new AbortController();
  const print = () => ended.abort();
  return tinylove(study, ["serve", "--port", "0"], { ...changes, signal: ended.signal, print });
}
