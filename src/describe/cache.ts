import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { Measure, Value } from "../measures/measure.ts";
import { writeWhole } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";

/**
 * The values of one measure that were taken before, by what they depend on: `.tinylove/describe/<measure>.json`.
 * A file of another version of the measure, or one that cannot be read, counts as none.
 */
export class MeasureCache {
  readonly #path: string;
  readonly #version: number;
  #values: Map<string, Value>;
  /** Keys that this run asked for; the others are let go when the cache is saved at its end. */
  readonly #asked = new Set<string>();
  #changed = false;

  private constructor(path: string, version: number, values: Map<string, Value>) {
    this.#path = path;
    this.#version = version;
    this.#values = values;
  }

  static async open(study: Study, { name, version }: Measure): Promise<MeasureCache> {
    const path = study.path(".tinylove", "describe", `${name}.json`);
    const kept = await readFile(path, "utf8").then(parsed, () => undefined);
    const values = kept?.version === version ? Object.entries(kept.values) : [];
    return new MeasureCache(path, version, new Map(values.map(([key, value]) => [key, value ?? undefined])));
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  get(key: string): Value {
    this.#asked.add(key);
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    this.#asked.add(key);
    this.#values.set(key, value);
    this.#changed = true;
  }

  /** Writes what is new; `ended` also lets go of what this run did not ask for. */
  async save(ended: boolean): Promise<void> {
    const kept = ended ? [...this.#values].filter(([key]) => this.#asked.has(key)) : [...this.#values];
    if (!this.#changed && kept.length === this.#values.size) return;
    this.#values = new Map(kept);
    this.#changed = false;
    const values = Object.fromEntries(kept.map(([key, value]) => [key, value ?? null]));
    await writeWhole(this.#path, JSON.stringify({ version: this.#version, values }));
  }
}

const Kept = z.object({
  version: z.number(),
  values: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
});

function parsed(text: string): z.infer<typeof Kept> | undefined {
  try {
    return Kept.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
