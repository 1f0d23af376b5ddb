import type { Effects } from "./effects.ts";
import { codeOf } from "./errors.ts";

export interface ProgramResult {
  /** Undefined if there is no such program. */
  readonly code: number | null | undefined;
  /** Its output, standard output and standard error together. */
  readonly text: string;
}

/** Runs a program until it ends or the user interrupts. */
export const runProgram = (
  program: string,
  args: readonly string[],
  effects: Effects,
): Promise<ProgramResult> =>
  new Promise((resolve, reject) => {
    effects.signal.throwIfAborted();
    const child = effects.spawn(program, args, {
      env: effects.env,
      stdio: ["ignore", "pipe", "pipe"],
      signal: effects.signal,
    });
    let text = "";
    for (const stream of [child.stdout!, child.stderr!])
      stream.on("data", (chunk) => {
        text += String(chunk);
      });
    child.once("error", (error) => {
      if (effects.signal.aborted) reject(effects.signal.reason);
      else if (codeOf(error) === "ENOENT" || codeOf(error) === "EACCES") resolve({ code: undefined, text });
      else reject(error);
    });
    child.once("close", (code) => resolve({ code, text }));
  });
