import { markDefinition } from "../plugins/plugin.ts";
import type { Format } from "../study/finding.ts";
import type { Study } from "../workbench/study.ts";
import type { Comparison, Corpus } from "./corpus.ts";
import type { ParsedText } from "./parsed-text.ts";

/** The value of a measure; undefined if it does not apply (the continuity of one sentence). */
export type Value = number | string | boolean | undefined;

interface MeasureInfo {
  /** Its column in `corpus/codes.csv`. */
  readonly name: string;
  /** Its name in the report, as a person says it. Default: its name, with spaces. */
  readonly label?: string;
  /** Its definition, for the report. */
  readonly meaning: string;
  /** Its unit: `words`, `share of words`, `yes or no`. */
  readonly unit: string;
  /** The format of its mean; the mean of yes and no is a share. */
  readonly format: Format;
  /** Raised when the measure changes, so that older cached values are measured again. */
  readonly version: number;
}

/** A fast measure of one text: one file in `measures/`, one line in `measures.ts`. */
export interface QuickMeasure extends MeasureInfo {
  /** What it uses besides the text. Cached values are valid as long as these do not change. */
  readonly dependsOn?: readonly Comparison[];
  of(text: ParsedText, corpus: Corpus): Value;
}

/** A slow measure that needs an instrument (a grammar checker, a language model); `describe.skip` leaves it out. */
export interface SlowMeasure extends MeasureInfo {
  /** The study's instrument, not started yet; undefined if it has none. */
  instrument(study: Study): Promise<Instrument | undefined>;
}

export interface Instrument {
  /** What the values depend on besides the text, for example a model file's hash. */
  readonly key: string;
  /** Starts it (loads a model, starts threads) for this many texts; called only if a value is missing. */
  start(texts: number): Promise<RunningInstrument>;
}

export interface RunningInstrument {
  /** How many texts may be measured at once; 1 by default. */
  readonly concurrency?: number;
  of(text: ParsedText): Promise<Value>;
  end(): Promise<void>;
}

export type Measure = QuickMeasure | SlowMeasure;

export const isSlow = (measure: Measure): measure is SlowMeasure => "instrument" in measure;

/** The name of a measure in the report. */
export const measureLabel = ({ name, label }: Pick<MeasureInfo, "name" | "label">): string =>
  label ?? name.replaceAll("_", " ");

/** The argument of `defineMeasure`. */
export type MeasureDefinition = Omit<QuickMeasure, "version">;

/**
 * Defines a measure for `plugins:` of study.yaml: a number, a word, or yes/no for every text. It gets a column in
 * `corpus/codes.csv` and a row in the report's description of the corpus, by origin.
 */
export const defineMeasure = (measure: MeasureDefinition): MeasureDefinition =>
  markDefinition("measure", measure);
