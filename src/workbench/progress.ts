/** A measure of long work on standard error. */
export interface Progress {
  /** `done` of the total are done; `note` says what counts now (tokens a second, a title). */
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
 * A bar with time left where there is a terminal, a plain line every ten seconds where there is none, and nothing
 * at all for work that ends within a second.
 */
export function progressOn(terminal: Terminal, now: () => number, label: string, total: number): Progress {
  const started = now();
  let done = 0;
  let lastShown = 0;
  let drawn = false;

  const show = (note: string) => {
    const elapsed = now() - started;
    const every = terminal.isTTY ? 100 : plainEvery;
    if (elapsed < shownAfter || (drawn && now() - lastShown < every && done < total)) return;
    lastShown = now();
    drawn = true;
    const line = `${label} ${done}/${total}${timeLeft(elapsed, done, total)}${note && `  ${note}`}`;
    terminal.write(
      terminal.isTTY ? overwrite(`${bar(done / total)} ${line}`, terminal.columns) : `${line}\n`,
    );
  };

  return {
    to(count, note = "") {
      done = count;
      show(note);
    },
    step(note = "") {
      done += 1;
      show(note);
    },
    end() {
      if (drawn && terminal.isTTY) terminal.write("\r\u001b[2K");
    },
  };
}

/** 75 s as `1 min 15 s`. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

function timeLeft(elapsed: number, done: number, total: number): string {
  if (done === 0 || done >= total) return "";
  return `, ${duration((elapsed / done) * (total - done))} left`;
}

function bar(share: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * barWidth);
  return "█".repeat(filled) + "░".repeat(barWidth - filled);
}

const overwrite = (line: string, columns = 100): string =>
  `\r\u001b[2K${line.slice(0, Math.max(20, columns - 1))}`;
