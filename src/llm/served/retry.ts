import { setTimeout as sleep } from "node:timers/promises";
import { randomFrom } from "../../stats/random.ts";
import type { Effects } from "../../workbench/effects.ts";

/** What went wrong on the other side or on the way there: the outcome of one request, and no error of the program. */
export class TransientError extends Error {}

/** Trouble that would be the same if the request were sent again. */
export class PermanentError extends TransientError {}

/** The server's own filter refused the request. */
export class Filtered extends PermanentError {}

/** Whether what a server answers with such a status may be otherwise later: it was busy, slow or broken. */
export const mayPass = (status: number): boolean =>
  status === 408 || status === 409 || status === 425 || status === 429 || status >= 500;

export interface Retries {
  /** Tries after the first. */
  readonly retries: number;
  /** Milliseconds before the first of them. */
  readonly wait: number;
  /** Of the jitter. */
  readonly seed: number;
  readonly effects: Effects;
}

const longestWait = 30_000;
const longestAskedFor = 60_000;

/**
 * Tries until a task succeeds, and waits longer each time: `wait`, doubled, at most 30 s, times a random 0.5 to 1, so
 * that clients which failed together do not come back together; or as long as the server asks for.
 * Only passing Trouble is tried again; throws what the last try threw.
 */
export async function withRetries<T>(
  task: () => Promise<T>,
  { retries, wait, seed, effects }: Retries,
): Promise<T> {
  const random = randomFrom(seed, "jitter");
  for (let tried = 0; ; tried++) {
    try {
      return await task();
    } catch (thrown) {
      const passing = thrown instanceof TransientError && !(thrown instanceof PermanentError);
      if (effects.signal.aborted || !passing || tried >= retries) throw thrown;
      const backoff = Math.min(longestWait, wait * 2 ** tried) * (0.5 + random.next() / 2);
      await sleep(waitAskedFor(thrown, effects.now()) ?? backoff, undefined, { signal: effects.signal });
    }
  }
}

/**
 * Milliseconds that a `Retry-After-Ms` header, or a `Retry-After` of seconds or with a date, asks for: at most a
 * minute. Undefined without one.
 */
function waitAskedFor(thrown: unknown, now: number): number | undefined {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  if (!(cause instanceof Error) || !("headers" in cause) || !(cause.headers instanceof Headers)) return;
  const exact = cause.headers.get("retry-after-ms");
  const after = cause.headers.get("retry-after");
  const milliseconds = exact === null ? Number.NaN : Number(exact);
  const asked = Number.isFinite(milliseconds)
    ? milliseconds
    : after
      ? millisecondsOf(after, now)
      : Number.NaN;
  return Number.isFinite(asked) && asked >= 0 ? Math.min(asked, longestAskedFor) : undefined;
}

const millisecondsOf = (after: string, now: number): number =>
  /^\s*-?[\d.]+\s*$/.test(after) ? 1000 * Number(after) : Math.max(0, Date.parse(after) - now);
