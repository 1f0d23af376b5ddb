import { setImmediate as nextCycle } from "node:timers/promises";
import type { Text } from "../coding/texts.ts";
import type { Corpus } from "../measures/corpus.ts";
import {
  isSlow,
  type Measure,
  type QuickMeasure,
  type RunningInstrument,
  type SlowMeasure,
  type Value,
} from "../measures/measure.ts";
import { ParsedText } from "../measures/parsed-text.ts";
import { shortId } from "../text/hash.ts";
import type { Effects } from "../workbench/effects.ts";
import type { Study } from "../workbench/study.ts";
import { MeasureCache } from "./cache.ts";

/** The measures that could be taken, in order, and their values in the order of the texts. */
export interface Measurements {
  readonly measures: readonly Measure[];
  readonly values: ReadonlyMap<string, readonly Value[]>;
}

/**
 * Measures every text; cached values are reused. An interruption loses no measured value.
 */
export async function measureTexts(
  study: Study,
  measures: readonly Measure[],
  texts: readonly Text[],
  corpus: Corpus,
  effects: Effects,
): Promise<Measurements> {
  const values = new Map<string, readonly Value[]>();
  const quick = measures.filter((measure): measure is QuickMeasure => !isSlow(measure));
  for (const [name, column] of await measureQuick(study, quick, texts, corpus, effects))
    values.set(name, column);
  for (const measure of measures.filter(isSlow)) {
    const column = await measureSlow(study, measure, texts, effects);
    if (column) values.set(measure.name, column);
  }
  return { measures: measures.filter(({ name }) => values.has(name)), values };
}

/** Text by text, so that measures share the parsed forms of a text. */
async function measureQuick(
  study: Study,
  measures: readonly QuickMeasure[],
  texts: readonly Text[],
  corpus: Corpus,
  effects: Effects,
): Promise<[string, Value[]][]> {
  const caches = await Promise.all(measures.map((measure) => MeasureCache.open(study, measure)));
  const columns = measures.map(({ name }): [string, Value[]] => [name, []]);
  const progress = effects.progress("describe", texts.length);
  let complete = false;
  try {
    for (const [at, text] of texts.entries()) {
      // Lets the event loop handle an interrupt from time to time.
      if (at % yieldInterval === 0) {
        await nextCycle();
        progress.to(at);
      }
      effects.signal.throwIfAborted();
      const parsedText = new ParsedText(text);
      measures.forEach((measure, column) => {
        const cache = caches[column]!;
        const key = keyOf(text, measure, corpus);
        if (!cache.has(key)) cache.set(key, measure.of(parsedText, corpus));
        columns[column]![1].push(cache.get(key));
      });
    }
    complete = true;
  } finally {
    progress.end();
    await Promise.all(caches.map((cache) => cache.save(complete)));
  }
  return columns;
}

const yieldInterval = 20;

const keyOf = (text: Text, { dependsOn = [] }: QuickMeasure, corpus: Corpus): string =>
  shortId(JSON.stringify([text.id, text.text, ...dependsOn.map((what) => corpus.digest(what, text))]), 20);

async function measureSlow(
  study: Study,
  measure: SlowMeasure,
  texts: readonly Text[],
  effects: Effects,
): Promise<Value[] | undefined> {
  const instrument = await measure.instrument(study);
  if (!instrument) return undefined;
  const cache = await MeasureCache.open(study, measure);
  const keys = texts.map(({ text }) => shortId(JSON.stringify([instrument.key, text]), 20));
  const missing = texts.flatMap((text, at) => (cache.has(keys[at]!) ? [] : [{ text, key: keys[at]! }]));
  if (missing.length > 0)
    await measureMissing(measure, await instrument.start(missing.length), missing, cache, effects);
  const column = keys.map((key) => cache.get(key));
  await cache.save(true);
  return column;
}

async function measureMissing(
  { name }: SlowMeasure,
  instrument: RunningInstrument,
  missing: readonly { readonly text: Text; readonly key: string }[],
  cache: MeasureCache,
  effects: Effects,
): Promise<void> {
  const progress = effects.progress(name, missing.length);
  let measured = 0;
  try {
    const left = missing.values();
    const measureOneByOne = async () => {
      for (const { text, key } of left) {
        effects.signal.throwIfAborted();
        cache.set(key, await instrument.of(new ParsedText(text)));
        progress.step();
        if (++measured % saveInterval === 0) await cache.save(false);
      }
    };
    await Promise.all(Array.from({ length: instrument.concurrency ?? 1 }, measureOneByOne));
  } finally {
    progress.end();
    await cache.save(false);
    await instrument.end();
  }
}

/** A killed process loses at most this many values. */
const saveInterval = 50;
