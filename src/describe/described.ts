import type { Coded } from "../coding/coded.ts";
import type { Text } from "../coding/texts.ts";
import type { Measure, Value } from "../measures/measure.ts";
import type { Random } from "../stats/random.ts";
import type { Taken } from "./take.ts";

/** A text with what was measured of it, by the measure's name. */
export interface DescribedText extends Text {
  readonly values: Readonly<Record<string, Value>>;
}

/** What a part of the description is made from. `rule` is the length above which a story is told of, in words. */
export interface DescriptionInput {
  readonly texts: DescribedTexts;
  readonly coded: Coded;
  readonly rule: number;
  readonly random: Random;
}

export interface Spread {
  readonly n: number;
  readonly mean: number;
  /** Standard deviation of a sample; 0 for fewer than two. */
  readonly deviation: number;
}

/** What was measured of every text, as findings look at it. */
export class DescribedTexts {
  readonly measures: readonly Measure[];
  /** What may be read: people's stories, and of each model's attempts at a title the one that counts. */
  readonly all: readonly DescribedText[];
  readonly human: readonly DescribedText[];
  readonly machine: readonly DescribedText[];
  /** Attempts that were drawn again or not chosen; nobody reads them. */
  readonly setAside: readonly DescribedText[];

  constructor(texts: readonly Text[], { measures, values }: Taken) {
    this.measures = measures;
    const described = texts.map((text, at) => ({
      ...text,
      values: Object.fromEntries(measures.map(({ name }) => [name, values.get(name)![at]])),
    }));
    this.all = described.filter(({ counts }) => counts);
    this.setAside = described.filter(({ counts }) => !counts);
    this.human = this.all.filter(({ origin }) => origin === "human");
    this.machine = this.all.filter(({ origin }) => origin === "machine");
  }

  has(name: string): boolean {
    return this.measures.some((measure) => measure.name === name);
  }
}

/** A measure's values as numbers, yes as 1; names and what is undefined left out. */
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
