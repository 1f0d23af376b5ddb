import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { Measure, Value } from "../measures/measure.ts";
import { writeWhole } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";

/**
 * Cached values of one measure, by what they depend on: `.tinylove/describe/<measure>.json`. A file of another version of
 * the measure, or an unreadable one, is ignored.
 */
export class MeasureCache {
  readonly #path: string;
  readonly #version: number;
  #values: Map<string, Value>;
  /** Keys used by this run; all others are removed when the cache is saved at the end. */
  readonly #used = new Set<string>();
  #changed = false;

  private constructor(path: string, version: number, values: Map<string, Value>) {
    this.#path = path;
    this.#version = version;
    this.#values = values;
  }

  static async open(study: Study, { name, version }: Measure): Promise<MeasureCache> {
    const path = study.path(".tinylove", "describe", `${name}.json`);
    const entries = await readFile(path, "utf8").then(parseCache, () => undefined);
    const values = entries?.version === version ? Object.entries(entries.values) : [];
    return new MeasureCache(path, version, new Map(values.map(([key, value]) => [key, value ?? undefined])));
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  get(key: string): Value {
    this.#used.add(key);
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    this.#used.add(key);
    this.#values.set(key, value);
    this.#changed = true;
  }

  /** Writes new values; at the end of a run also removes unused ones. */
  async save(complete: boolean): Promise<void> {
    const entries = complete ? [...this.#values].filter(([key]) => this.#used.has(key)) : [...this.#values];
    if (!this.#changed && entries.length === this.#values.size) return;
    this.#values = new Map(entries);
    this.#changed = false;
    const values = Object.fromEntries(entries.map(([key, value]) => [key, value ?? null]));
    await writeWhole(this.#path, JSON.stringify({ version: this.#version, values }));
  }
}

const CacheFile = z.object({
  version: z.number(),
  values: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
});

function parseCache(text: string): z.infer<typeof CacheFile> | undefined {
  try {
    return CacheFile.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
