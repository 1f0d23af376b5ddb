import { groupedBy } from "../study/groups.ts";
import type { ReaderGroups } from "../study/settings/analyse.ts";
import { type Item, isClosed, levelsOf } from "../tasks/items.ts";
import type { ReaderGrouping } from "./data.ts";

/** Where readers came from: a column of participants.csv. */
export const recruitedColumn = "recruited";

/** A question about readers: its fixed answers in order, or whether its answer is a number. */
export interface AboutReaders {
  readonly name: string;
  readonly options?: readonly string[] | undefined;
  readonly number?: boolean | undefined;
}

/** The questions about the participants themselves, and where they came from. */
export const aboutReaders = (items: readonly Item[]): AboutReaders[] => [
  ...items.map(
    (item): AboutReaders => ({
      name: item.name,
      ...(isClosed(item) && { options: levelsOf(item) }),
      ...(item.kind === "line" && { number: item.number }),
    }),
  ),
  { name: recruitedColumn, options: [] },
];

type Answers = Readonly<Record<string, unknown>>;

/**
 * The declared groups of readers. Readers without a usable answer are in none. Groups of a question without known options are
 * in the order of their names. `registered`: what was declared before data collection, if anything was.
 */
export function readerGroupings(
  declared: readonly ReaderGroups[],
  people: ReadonlyMap<string, Answers>,
  questions: readonly AboutReaders[],
  registered?: readonly ReaderGroups[],
): ReaderGrouping[] {
  return declared.map((groups): ReaderGrouping => {
    const { by, split, linear } = groups;
    const late = registered?.every((one) => JSON.stringify(one) !== JSON.stringify(groups)) ?? false;
    const exploratory = groups.exploratory === true || late;
    const values = new Map<string, string | number>();
    for (const [participant, answers] of people) {
      const value = readerValue(groups, answers, questions);
      if (value !== undefined) values.set(participant, value);
    }
    if (linear) return { name: by, exploratory, of: values };
    const options = questions.find(({ name }) => name === by)?.options ?? [];
    const names = split
      ? splitNames(split)
      : [...options, ...[...groupedBy(values.values(), String).keys()].sort()];
    const of = new Map(
      [...values].map(([reader, value]) => [reader, split ? groupIn(Number(value), split) : value]),
    );
    return { name: by, exploratory, groups: [...new Set(names)], of };
  });
}

/** A reader's answer: a number if it is a sum, is split or is linear. */
function readerValue(
  { by, sum, reverse = [], split, linear }: ReaderGroups,
  answers: Answers,
  questions: readonly AboutReaders[],
): string | number | undefined {
  if (!sum && !split && !linear) {
    const answer = String(answers[by] ?? "").trim();
    return answer === "" ? undefined : answer;
  }
  let total = 0;
  for (const name of sum ?? [by]) {
    const question = questions.find((one) => one.name === name) ?? { name };
    const value = numberOf(question, answers[name], reverse.includes(name));
    if (value === undefined) return undefined;
    total += value;
  }
  return total;
}

/** An answer as a number: its own, or its place among the options from 1. Reversed: counted from the other end of the scale. */
function numberOf({ options = [] }: AboutReaders, answer: unknown, isReversed: boolean): number | undefined {
  const given = String(answer ?? "").trim();
  if (given === "") return undefined;
  const numeric = options.map(Number);
  const own = numeric.every(Number.isFinite);
  const value = options.length === 0 || own ? Number(given) : options.indexOf(given) + 1;
  if (!Number.isFinite(value) || (options.length > 0 && !options.includes(given))) return undefined;
  if (!isReversed || options.length === 0) return value;
  const ends = own ? Math.min(...numeric) + Math.max(...numeric) : options.length + 1;
  return ends - value;
}

const rising = (split: readonly number[]): number[] => [...split].sort((one, other) => one - other);

function splitNames(split: readonly number[]): string[] {
  const limits = rising(split);
  return [
    `under ${limits[0]}`,
    ...limits.map((limit, at) =>
      limits[at + 1] === undefined ? `${limit} or more` : `${limit} to under ${limits[at + 1]}`,
    ),
  ];
}

const groupIn = (value: number, split: readonly number[]): string =>
  splitNames(split)[rising(split).filter((limit) => value >= limit).length]!;

/** What is wrong with declared groups, as a message and a hint; undefined if they can be made. */
export function problemWithGroups(
  declared: readonly ReaderGroups[],
  questions: readonly AboutReaders[],
): { readonly message: string; readonly hint: string } | undefined {
  for (const [at, { by, sum, reverse = [], split, linear }] of declared.entries()) {
    const where = `analyse.groups: ${by}`;
    const known = new Map(questions.map((one) => [one.name, one]));
    if (declared.slice(0, at).some((one) => one.by === by))
      return { message: `${where} is listed twice`, hint: "list it once" };
    const unknown = (sum ?? [by]).find((name) => !known.has(name));
    if (unknown !== undefined)
      return {
        message: `${where}: unknown question ${unknown}`,
        hint: `known are ${[...known.keys()].join(", ")}; add others to survey.demographics`,
      };
    const foreign = reverse.find((name) => !sum?.includes(name));
    if (foreign !== undefined)
      return { message: `${where}: reverse names ${foreign}, which is not in sum`, hint: "add it to sum" };
    const open = (sum ?? [by]).map((name) => known.get(name)!).find((one) => !one.options && !one.number);
    if (open)
      return {
        message: `${where}: ${open.name} is answered in free text`,
        hint: "give the question options, or number: true",
      };
    const [scaled] = reverse.filter((name) => !known.get(name)!.options);
    if (scaled !== undefined)
      return {
        message: `${where}: ${scaled} has no options, so it cannot be reversed`,
        hint: "give it options",
      };
    if (split && linear) return { message: `${where} has both split and linear`, hint: "keep one of them" };
    if ((sum || known.get(by)?.number) && !split && !linear)
      return {
        message: `${where} is a number`,
        hint: "say how it is used: split: [30, 50] for groups, or linear: true",
      };
    if (by === recruitedColumn && (split || linear))
      return { message: `${where} is not a number`, hint: "remove split and linear" };
  }
  return undefined;
}
