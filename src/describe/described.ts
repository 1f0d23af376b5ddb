import type { Coded } from "../coding/coded.ts";
import type { Text } from "../coding/texts.ts";
import type { Measure, Value } from "../measures/measure.ts";
import type { Random } from "../stats/random.ts";
import type { Measurements } from "./measure-texts.ts";

/** A text with its values, by the measure's name. */
export interface DescribedText extends Text {
  readonly values: Readonly<Record<string, Value>>;
}

/** The input of the findings. `wordLimit` is the length in words above which a story gets a warning. */
export interface FindingInput {
  readonly texts: DescribedTexts;
  readonly coded: Coded;
  readonly wordLimit: number;
  readonly random: Random;
}

export interface Spread {
  readonly n: number;
  readonly mean: number;
  /** Sample standard deviation; 0 for fewer than two values. */
  readonly deviation: number;
}

/** All texts with their values, by origin. */
export class DescribedTexts {
  readonly measures: readonly Measure[];
  /** Texts that may be shown: human stories, and for each model and title the selected attempt. */
  readonly all: readonly DescribedText[];
  readonly human: readonly DescribedText[];
  readonly machine: readonly DescribedText[];
  /** Attempts that were drawn again or not chosen; they are never shown. */
  readonly setAside: readonly DescribedText[];

  constructor(texts: readonly Text[], { measures, values }: Measurements) {
    this.measures = measures;
    const described = texts.map((text, at) => ({
      ...text,
      values: Object.fromEntries(measures.map(({ name }) => [name, values.get(name)![at]])),
    }));
    this.all = described.filter(({ selected }) => selected);
    this.setAside = described.filter(({ selected }) => !selected);
    this.human = this.all.filter(({ origin }) => origin === "human");
    this.machine = this.all.filter(({ origin }) => origin === "machine");
  }

  has(name: string): boolean {
    return this.measures.some((measure) => measure.name === name);
  }
}

/** A measure's values as numbers, yes as 1; without text values and undefined ones. */
export const numbersOf = (texts: readonly DescribedText[], name: string): number[] =>
  texts.flatMap(({ values }) => {
    const value = values[name];
    if (typeof value === "boolean") return value ? 1 : 0;
    return typeof value === "number" ? value : [];
  });

export function spreadOf(numbers: readonly number[]): Spread {
  const n = numbers.length;
  const mean = n === 0 ? Number.NaN : numbers.reduce((sum, value) => sum + value, 0) / n;
  const squares = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { n, mean, deviation: n < 2 ? 0 : Math.sqrt(squares / (n - 1)) };
}

/** The ids of texts as a cell of the format `ids`. */
export const idsOf = (texts: readonly Pick<Text, "id">[]): string => texts.map(({ id }) => id).join(" ");
