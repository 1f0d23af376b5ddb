import { setTimeout as sleep } from "node:timers/promises";
import { randomFrom } from "../stats/random.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";

/** What would end the same way if it were tried again. */
export class Unretriable extends Error {}

export interface Retries {
  /** Tries after the first. */
  readonly retries: number;
  /** Of the jitter. */
  readonly seed: number;
  readonly effects: Effects;
}

const firstWait = 500;
const longestWait = 30_000;

/**
 * Tries until a task succeeds, and waits longer each time: half a second, doubled, at most 30 s, times a random
 * 0.5 to 1, so that clients which failed together do not come back together; or as long as the server asks for.
 * Throws what the last try threw, StudyError and Unretriable at once.
 */
export async function withRetries<T>(
  task: () => Promise<T>,
  { retries, seed, effects }: Retries,
): Promise<T> {
  const random = randomFrom(seed, "jitter");
  for (let tried = 0; ; tried++) {
    try {
      return await task();
    } catch (thrown) {
      if (effects.signal.aborted || thrown instanceof StudyError || thrown instanceof Unretriable)
        throw thrown;
      if (tried >= retries) throw thrown;
      const backoff = Math.min(longestWait, firstWait * 2 ** tried) * (0.5 + random.next() / 2);
      await sleep(waitAskedFor(thrown) ?? backoff, undefined, { signal: effects.signal });
    }
  }
}

/** Milliseconds of a `Retry-After` or `Retry-After-Ms` header, at most a minute. */
function waitAskedFor(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !("headers" in thrown) || !(thrown.headers instanceof Headers)) return;
  const exact = thrown.headers.get("retry-after-ms");
  const seconds = thrown.headers.get("retry-after");
  const asked = exact ? Number(exact) : seconds ? 1000 * Number(seconds) : Number.NaN;
  return Number.isFinite(asked) && asked >= 0 ? Math.min(asked, 60_000) : undefined;
}
