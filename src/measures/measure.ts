import { definition } from "../plugins/plugin.ts";
import type { Format } from "../study/finding.ts";
import type { Study } from "../workbench/study.ts";
import type { Comparison, Corpus } from "./corpus.ts";
import type { Reading } from "./reading.ts";

/** What a measure says of a text; undefined where it can say nothing (the continuity of one sentence). */
export type Value = number | string | boolean | undefined;

interface Described {
  /** Its column in `corpus/codes.csv`. */
  readonly name: string;
  /** What it says of a text, in a sentence for the report. */
  readonly means: string;
  /** What a value counts: `words`, `share of words`, `yes or no`. */
  readonly unit: string;
  /** How a mean of it is printed; the mean of yes and no is a share. */
  readonly format: Format;
  /** Raised when the measure changes: values of older versions are taken again. */
  readonly version: number;
}

/** A measure of one text, taken at once: one file in `measures/`, one line in `measures.ts`. */
export interface QuickMeasure extends Described {
  /** What it looks at beside the text. Values are kept for as long as these stay as they are. */
  readonly dependsOn?: readonly Comparison[];
  of(reading: Reading, corpus: Corpus): Value;
}

/** A measure that needs an instrument (a grammar checker, a language model) and takes its time; `describe.skip` leaves it out. */
export interface SlowMeasure extends Described {
  /** The study's instrument, not started yet; undefined where it has none. */
  instrument(study: Study): Promise<Instrument | undefined>;
}

export interface Instrument {
  /** What the values depend on beside the text, for example a model file's hash. */
  readonly key: string;
  /** Makes it ready (a model is loaded, a thread started); it is asked for only where a value is not there yet. */
  start(): Promise<RunningInstrument>;
}

export interface RunningInstrument {
  of(reading: Reading): Promise<Value>;
  end(): Promise<void>;
}

export type Measure = QuickMeasure | SlowMeasure;

export const isSlow = (measure: Measure): measure is SlowMeasure => "instrument" in measure;

/** A measure of one's own, as `defineMeasure` takes it. */
export type MeasureDefinition = Omit<QuickMeasure, "version">;

/**
 * Defines a measure for `plugins:` of study.yaml: one number, word, or yes or no, of every text. It gets a column in
 * `corpus/codes.csv` and a row in the report's description of the corpus, by origin.
 */
export const defineMeasure = (measure: MeasureDefinition): MeasureDefinition =>
  definition("measure", measure);
