/**
 * Counts how often the survey is opened by a browser that it does not know, before anybody consents. It is a number and
 * nothing else, so it counts programs as well. It is written down every few seconds and at the end: no opening waits for
 * the disk, and a crash loses a few seconds of the count.
 */
export class VisitCounter {
  readonly #add: (count: number) => Promise<void>;
  readonly #warn: (message: string) => void;
  #unwritten = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(add: (count: number) => Promise<void>, warn: (message: string) => void) {
    this.#add = add;
    this.#warn = warn;
  }

  count(): void {
    this.#unwritten += 1;
    this.#timer ??= setTimeout(() => void this.flush(), 3000).unref();
  }

  /** Writes down what has been counted. A failure is told, and the count is kept for the next time. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const count = this.#unwritten;
    if (count === 0) return;
    this.#unwritten = 0;
    try {
      await this.#add(count);
    } catch (thrown) {
      this.#unwritten += count;
      this.#warn(`openings could not be counted: ${thrown instanceof Error ? thrown.message : thrown}`);
    }
  }
}
