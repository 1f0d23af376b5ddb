/**
 * Counts visits by unknown browsers, before consent. Programs count too. The count is stored every three seconds and
 * at the end, so that no visit waits for the disk; a crash loses a few seconds of it.
 */
export class VisitCounter {
  readonly #add: (count: number) => Promise<void>;
  readonly #warn: (message: string) => void;
  #unstored = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(add: (count: number) => Promise<void>, warn: (message: string) => void) {
    this.#add = add;
    this.#warn = warn;
  }

  count(): void {
    this.#unstored += 1;
    this.#timer ??= setTimeout(() => void this.flush(), 3000).unref();
  }

  /** Stores the count. If that fails, it warns and keeps the count for the next time. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const count = this.#unstored;
    if (count === 0) return;
    this.#unstored = 0;
    try {
      await this.#add(count);
    } catch (thrown) {
      this.#unstored += count;
      this.#warn(`visits could not be counted: ${thrown instanceof Error ? thrown.message : thrown}`);
    }
  }
}
