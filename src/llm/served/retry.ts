import { setTimeout as sleep } from "node:timers/promises";
import { randomFrom } from "../../stats/random.ts";
import type { Effects } from "../../workbench/effects.ts";

/** A failed request, by a problem of the server or the connection, not of this program. */
export class TransientError extends Error {}

/** A failure that would happen again with the same request. */
export class PermanentError extends TransientError {}

/** The server's own filter refused the request. */
export class Filtered extends PermanentError {}

/** Whether a status is temporary: the server was busy, slow or broken. */
export const isTemporary = (status: number): boolean =>
  status === 408 || status === 409 || status === 425 || status === 429 || status >= 500;

export interface Retries {
  /** Number of tries after the first. */
  readonly retries: number;
  /** Milliseconds before the first retry. */
  readonly wait: number;
  /** The seed of the jitter. */
  readonly seed: number;
  readonly effects: Effects;
}

const longestWait = 30_000;
const longestRequestedWait = 60_000;

/**
 * Repeats a task until it succeeds. The wait doubles each time, up to 30 s, times a random 0.5 to 1, so that clients
 * that failed at the same time do not retry at the same time; if the server requests a wait, that is used. Repeats only
 * after a TransientError that is not permanent; throws the last error.
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
      const temporary = thrown instanceof TransientError && !(thrown instanceof PermanentError);
      if (effects.signal.aborted || !temporary || tried >= retries) throw thrown;
      const backoff = Math.min(longestWait, wait * 2 ** tried) * (0.5 + random.next() / 2);
      await sleep(requestedWait(thrown, effects.now()) ?? backoff, undefined, { signal: effects.signal });
    }
  }
}

/**
 * The wait in a `Retry-After-Ms` header, or in a `Retry-After` with seconds or a date, in milliseconds, at most a
 * minute. Undefined without such a header.
 */
function requestedWait(thrown: unknown, now: number): number | undefined {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  if (!(cause instanceof Error) || !("headers" in cause) || !(cause.headers instanceof Headers)) return;
  const exact = cause.headers.get("retry-after-ms");
  const after = cause.headers.get("retry-after");
  const milliseconds = exact === null ? Number.NaN : Number(exact);
  const requested = Number.isFinite(milliseconds)
    ? milliseconds
    : after
      ? millisecondsOf(after, now)
      : Number.NaN;
  return Number.isFinite(requested) && requested >= 0 ? Math.min(requested, longestRequestedWait) : undefined;
}

const millisecondsOf = (after: string, now: number): number =>
  /^\s*-?[\d.]+\s*$/.test(after) ? 1000 * Number(after) : Math.max(0, Date.parse(after) - now);
