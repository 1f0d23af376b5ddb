import { setTimeout as sleep } from "node:timers/promises";
import type { Effects } from "../../workbench/effects.ts";

/** Waits until the next request may be made. */
export type Pace = () => Promise<void>;

/**
 * One request each `seconds` at most, also over two runs of the program: `last` is when the last one was made, in
 * milliseconds. An interrupt ends the wait.
 */
export function paced(seconds: number, last: number, effects: Effects): Pace {
  let next = last + seconds * 1000;
  return async () => {
    // A clock that was set back must not make it wait for hours.
    const wait = Math.min(next - effects.now(), seconds * 1000);
    if (wait > 0) await pause(wait, effects);
    effects.signal.throwIfAborted();
    next = effects.now() + seconds * 1000;
  };
}

/** Waits; throws the reason of the interrupt when there is one. */
export async function pause(milliseconds: number, { signal }: Effects): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}
