import { type CellContrast, cellContrast } from "../stats/cell-contrast.ts";
import { type Conclusion, conclusionOf } from "../stats/claim.ts";
import { clusteredContrast } from "../stats/clustered.ts";
import type { Interval } from "../stats/interval.ts";
import { holm } from "../stats/multiple-tests.ts";
import type { Figure, Table } from "../study/finding.ts";
import { groupedBy } from "../study/groups.ts";
import { type Choice, type Data, type Origin, type Rating, readersOf } from "./data.ts";
import { alphaLevelsOf, whyWithheld } from "./interim-analysis.ts";
import { clustersOf, verdictOnChoices } from "./judged.ts";
import { ratedOf } from "./rated.ts";

/** Answers to one question as numbers: 1 for "human" and 0 for "machine", or a rating. */
export interface Outcome {
  readonly name: string;
  readonly kind: "choices" | "ratings";
  readonly rows: readonly Row[];
}

export type Row = (Choice | Rating) & { readonly value: number; readonly condition: string };

/** All answers to single stories, by question, in their condition or whatever `conditionOf` compares. */
export function outcomesOf(
  data: Pick<Data, "choices" | "toldChoices" | "ratings">,
  conditionOf: (row: Choice | Rating) => string | undefined = ({ condition }) => condition,
): Outcome[] {
  const inCondition = <One extends Choice | Rating>(rows: readonly One[], number: (row: One) => number) =>
    rows.flatMap((row) => {
      const condition = conditionOf(row);
      return condition === undefined ? [] : [{ ...row, condition, value: number(row) }];
    });
  const choices = inCondition([...data.choices, ...(data.toldChoices ?? [])], ({ answer }) =>
    Number(answer === "human"),
  );
  const ratings = inCondition(data.ratings, ({ rating }) => rating);
  return [
    ...(choices.length > 0 ? [{ name: "called human", kind: "choices" as const, rows: choices }] : []),
    ...[...groupedBy(ratings, ({ task }) => task)].map(([name, rows]) => ({
      name,
      kind: "ratings" as const,
      rows,
    })),
  ];
}

const origins: readonly Origin[] = ["human", "machine"];

/** A comparison of a condition with the reference: of d′ and of the criterion for choices, of means for ratings. */
export interface ConditionContrast extends CellContrast {
  readonly outcome: string;
  readonly kind: Outcome["kind"];
  /**
   * `interaction`: how much more the answers to human and to machine stories differ than under the reference (for
   * choices, the difference of d′).
   * `condition`: how much higher the answers are than under the reference, over both kinds of story with equal weight (for
   * choices, how much more readily stories are called human: the criterion c with its sign turned).
   */
  readonly of: "interaction" | "condition";
  readonly condition: string;
  readonly reference: string;
  readonly holm: number;
}

/**
 * Every condition (or group of readers) with answers to both kinds of story against the first such one, as in
 * `cellContrast`, with the clusters of the verdict. `holm` is not corrected yet.
 */
export function contrastsOf(
  of: ConditionContrast["of"],
  { name, kind, rows }: Outcome,
  data: Pick<Data, "settings" | "conditions">,
): ConditionContrast[] {
  const complete = (data.conditions ?? []).filter((condition) =>
    origins.every((origin) => rows.some((row) => row.condition === condition && row.origin === origin)),
  );
  const [reference, ...others] = complete;
  return others.map((condition) => {
    const own = rows.filter((row) => row.condition === condition || row.condition === reference);
    const columns = {
      values: own.map(({ value }) => value),
      conditions: own.map((row) => row.condition),
      origins: own.map(({ origin }) => origin),
      readers: own.map(({ participant }) => participant),
      stories: own.map(({ stimulus }) => stimulus),
      clusters: clustersOf(own, data).map(({ labels }) => labels),
    };
    const found = cellContrast(of, kind, [condition, reference!], columns, data.settings.level);
    return { outcome: name, kind, of, condition, reference: reference!, ...found, holm: found.p };
  });
}

/** The same with p-values corrected by Holm over all of them. */
export function withHolm(contrasts: readonly ConditionContrast[]): ConditionContrast[] {
  const adjusted = holm(contrasts.map(({ p }) => p));
  return contrasts.map((contrast, at) => ({ ...contrast, holm: adjusted[at]! }));
}

/** The mean answer in a cell. */
export interface Cell {
  readonly condition: string;
  readonly origin: Origin;
  readonly readers: number;
  readonly answers: number;
  readonly mean: number;
  readonly interval: Interval | undefined;
}

/** The mean answer in every condition to human and to machine stories. */
export function cellsOf({ rows }: Outcome, data: Data): Cell[] {
  return (data.conditions ?? []).flatMap((condition) =>
    origins.flatMap((origin): Cell[] => {
      const own = rows.filter((row) => row.condition === condition && row.origin === origin);
      if (own.length === 0) return [];
      const found = clusteredContrast(
        own.map(({ value }) => value),
        {
          clusters: [own.map(({ participant }) => participant), own.map(({ stimulus }) => stimulus)],
          level: data.settings.level,
        },
      );
      const interval = found.degrees > 0 ? found.interval : undefined;
      const counts = { readers: readersOf(own).length, answers: own.length };
      return [{ condition, origin, ...counts, mean: found.estimate, interval }];
    }),
  );
}

/** What is compared: the label of its names, and whether tables may show how many readers there are (`counts`). */
export interface Compared {
  readonly label: string;
  readonly counts: boolean;
}

const countColumns = [
  { key: "readers", label: "Readers", format: "integer" },
  { key: "answers", label: "Answers", format: "integer" },
] as const;

const countsIn = ({ counts }: Compared, { readers, answers }: { readers: number; answers: number }) =>
  counts ? { readers, answers } : {};

export function cellsFigure({ kind, name }: Outcome, cells: readonly Cell[], compared: Compared): Figure {
  const format = kind === "choices" ? "percent" : "number";
  const answer = kind === "choices" ? "Called human" : name;
  return {
    draw: "intervals",
    table: {
      columns: [
        { key: "of", label: `${compared.label} and stories`, format: "text" },
        { key: "mean", label: answer, format },
        { key: "low", label: "Interval", format },
        { key: "high", label: "to", format },
        ...(compared.counts ? countColumns : []),
      ],
      rows: cells.map(({ condition, origin, mean, interval, readers, answers }) => ({
        of: `${condition}, ${origin}`,
        group: origin,
        mean,
        low: interval?.low ?? null,
        high: interval?.high ?? null,
        ...countsIn(compared, { readers, answers }),
      })),
    },
    encode: { x: "mean", low: "low", high: "high", y: "of", group: "group" },
    labels: { x: answer },
  };
}

/** The verdict on the answers of one condition or group: accuracy against guessing, or the difference of the ratings. */
export interface CellVerdict {
  readonly condition: string;
  readonly readers: number;
  readonly answers: number;
  readonly estimate: number | undefined;
  readonly equivalenceHolm: number;
  readonly differenceHolm: number;
  readonly verdict: Conclusion;
}

/**
 * The verdict in every condition with answers. Accuracy is equivalent if it is overall and on both kinds of story (the
 * largest of three p-values counts). p-values are corrected by Holm over the conditions.
 */
export function verdictsOf({ kind, name, rows }: Outcome, data: Data): CellVerdict[] {
  const tests = [...groupedBy(rows, ({ condition }) => condition)].map(([condition, own]) => ({
    condition,
    readers: readersOf(own).length,
    answers: own.length,
    ...(kind === "choices"
      ? ofChoices(own as readonly (Row & Choice)[])
      : ofRatings(own as readonly (Row & Rating)[])),
  }));
  const equivalence = holm(tests.map(({ equivalenceP }) => equivalenceP));
  const difference = holm(tests.map(({ differenceP }) => differenceP));
  const open = whyWithheld(data) === undefined;
  const verdicts = tests.map(({ equivalenceP: _, differenceP: __, ...test }, at): CellVerdict => {
    const [equivalenceHolm, differenceHolm] = [equivalence[at]!, difference[at]!];
    const errors = alphaLevelsOf(data);
    const verdict = open
      ? conclusionOf({ equivalenceP: equivalenceHolm, differenceP: differenceHolm }, errors)
      : "inconclusive";
    return { ...test, equivalenceHolm, differenceHolm, verdict };
  });
  return (data.conditions ?? []).flatMap((name) => verdicts.filter(({ condition }) => condition === name));

  function ofChoices(own: readonly (Row & Choice)[]) {
    const { overall, human, machine } = verdictOnChoices(own, data);
    const equivalenceP = Math.max(overall.equivalenceP, human.equivalenceP, machine.equivalenceP);
    return { estimate: overall.estimate, equivalenceP, differenceP: overall.differenceP };
  }
  function ofRatings(own: readonly (Row & Rating)[]) {
    const { difference, tooWide } = ratedOf(name, own, data);
    const equivalenceP = tooWide ? 1 : (difference?.equivalenceP ?? 1);
    return { estimate: difference?.estimate, equivalenceP, differenceP: difference?.differenceP ?? 1 };
  }
}

export const verdictsTable = (
  kind: Outcome["kind"],
  verdicts: readonly CellVerdict[],
  compared: Compared,
): Table => ({
  columns: [
    { key: "condition", label: compared.label, format: "text" },
    ...(compared.counts ? countColumns : []),
    kind === "choices"
      ? { key: "estimate", label: "Accuracy", format: "percent" }
      : { key: "estimate", label: "Human minus machine", format: "number" },
    { key: "differenceHolm", label: "p of a difference, Holm", format: "p" },
    { key: "equivalenceHolm", label: "p of equivalence, Holm", format: "p" },
    { key: "verdict", label: "Verdict", format: "text" },
  ],
  rows: verdicts.map(({ estimate, readers, answers, ...verdict }) => ({
    ...verdict,
    ...countsIn(compared, { readers, answers }),
    estimate: estimate ?? null,
  })),
});

export const contrastsTable = (contrasts: readonly ConditionContrast[], label: string): Table => ({
  columns: [
    { key: "outcome", label: "Answers", format: "text" },
    { key: "of", label: "Effect", format: "text" },
    { key: "condition", label, format: "text" },
    { key: "reference", label: "Reference", format: "text" },
    { key: "estimate", label: "Difference", format: "number" },
    { key: "low", label: "Interval", format: "number" },
    { key: "high", label: "to", format: "number" },
    { key: "degrees", label: "df", format: "number" },
    { key: "p", label: "p", format: "p" },
    { key: "holm", label: "p, Holm", format: "p" },
  ],
  rows: contrasts.map(({ interval, degrees, p, holm: corrected, ...contrast }) => ({
    outcome: contrast.outcome,
    of: contrast.of,
    condition: contrast.condition,
    reference: contrast.reference,
    estimate: contrast.estimate,
    low: degrees > 0 ? interval.low : null,
    high: degrees > 0 ? interval.high : null,
    degrees: degrees > 0 ? degrees : null,
    p: degrees > 0 ? p : null,
    holm: degrees > 0 ? corrected : null,
  })),
});
