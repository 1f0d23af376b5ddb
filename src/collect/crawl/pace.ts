import { setTimeout as sleep } from "node:timers/promises";
import type { Effects } from "../../workbench/effects.ts";

/** Waits until the next request is allowed. */
export type Pace = () => Promise<void>;

/**
 * Allows at most one request per `seconds`, also across runs: `last` is the time of the last request, in
 * milliseconds. An interrupt ends the wait.
 */
export function paced(seconds: number, last: number, effects: Effects): Pace {
  let next = last + seconds * 1000;
  return async () => {
    // A clock that was set back must not cause a wait of hours.
    const wait = Math.min(next - effects.now(), seconds * 1000);
    if (wait > 0) await pause(wait, effects);
    effects.signal.throwIfAborted();
    next = effects.now() + seconds * 1000;
  };
}

/** Waits; throws the reason of an interrupt. */
export async function pause(milliseconds: number, { signal }: Effects): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}
