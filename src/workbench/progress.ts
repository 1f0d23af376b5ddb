/** Progress of long work, shown on standard error. */
export interface Progress {
  /** `done` of the total are done (a fraction moves only the bar); `note` is extra information (tokens per second, a title). */
  to(done: number, note?: string): void;
  /** One more is done. */
  step(note?: string): void;
  end(): void;
}

interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const barWidth = 24;
const shownAfter = 1000;
const plainEvery = 10_000;

/**
 * A bar on a terminal, a plain line every ten seconds elsewhere, and nothing for work that ends within a second.
 * Shows the time left once it can be estimated.
 */
export function progressOn(terminal: Terminal, now: () => number, label: string, total: number): Progress {
  const started = now();
  const pace = paceOf(started);
  let done = 0;
  let lastShown = 0;
  let drawn = false;
  let whole = false;

  const show = (note: string) => {
    const elapsed = now() - started;
    const every = terminal.isTTY ? 100 : plainEvery;
    if (elapsed < shownAfter || whole || (drawn && now() - lastShown < every && done < total)) return;
    lastShown = now();
    drawn = true;
    whole = done >= total;
    const left = done < total ? pace.left(now(), total) : undefined;
    const line = `${label} ${Math.floor(done)}/${total}${left === undefined ? "" : `, ${duration(left)} left`}${note && `  ${note}`}`;
    terminal.write(
      terminal.isTTY ? overwrite(`${bar(done / total)} ${line}`, terminal.columns) : `${line}\n`,
    );
  };

  const to = (count: number, note = "") => {
    done = count;
    pace.reached(count, now());
    show(note);
  };

  return {
    to,
    step: (note) => to(done + 1, note),
    end() {
      if (drawn && terminal.isTTY) terminal.write("\r\u001b[2K");
    },
  };
}

/** What `progressEvents` reports: `left` is in milliseconds, undefined while it is too early to say. */
export interface ProgressEvent {
  readonly label: string;
  readonly done: number;
  readonly total: number;
  readonly left?: number | undefined;
  readonly note?: string;
}

const eventEvery = 200;

/** Progress for a program: an event at the start and the end, and at most five a second between them. */
export function progressEvents(
  write: (event: ProgressEvent) => void,
  now: () => number,
  label: string,
  total: number,
): Progress {
  const pace = paceOf(now());
  let done = 0;
  let last = Number.NEGATIVE_INFINITY;
  const to = (count: number, note = "") => {
    done = count;
    pace.reached(count, now());
    if (now() - last < eventEvery && done < total) return;
    last = now();
    write({ label, done, total, left: done < total ? pace.left(now(), total) : undefined, note });
  };
  to(0);
  return { to, step: (note) => to(done + 1, note), end() {} };
}

/** 75 s as `1 min 15 s`. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Measures how fast work goes, to estimate the time left. */
interface Pace {
  /** `done` items were done at time `at`, in milliseconds. */
  reached(done: number, at: number): void;
  /** Milliseconds until `total`; undefined while it is too early to say. */
  left(now: number, total: number): number | undefined;
}

const leastSeen = 3000;
const leastDone = 2;

/**
 * The pace over the second half of the time so far. Time before the first item (loading a model, starting a browser)
 * never counts, and items that took no time (answers from a journal) stop counting soon.
 */
function paceOf(started: number): Pace {
  const marks: { readonly done: number; readonly at: number }[] = [];
  return {
    reached(done, at) {
      if (done > (marks.at(-1)?.done ?? 0)) marks.push({ done, at });
    },
    left(now, total) {
      const half = started + (now - started) / 2;
      marks.splice(
        0,
        Math.max(
          0,
          marks.findLastIndex(({ at }) => at <= half),
        ),
      );
      const [first, last] = [marks[0], marks.at(-1)];
      if (!first || !last || now - first.at < leastSeen || last.done - first.done < leastDone)
        return undefined;
      return ((now - first.at) / (last.done - first.done)) * (total - last.done);
    },
  };
}

function bar(share: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * barWidth);
  return "█".repeat(filled) + "░".repeat(barWidth - filled);
}

/** A terminal that does not know its width reports 0. */
const overwrite = (line: string, columns = 0): string =>
  `\r\u001b[2K${line.slice(0, Math.max(20, (columns || 100) - 1))}`;
