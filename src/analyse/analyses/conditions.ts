import { clusteredContrast } from "../../stats/clustered.ts";
import type { Interval } from "../../stats/interval.ts";
import type { Label } from "../../stats/labels.ts";
import { holm } from "../../stats/multiple-tests.ts";
import { normalDensity, normalQuantile } from "../../stats/normal.ts";
import { studentTwoSided } from "../../stats/student-t.ts";
import { type Figure, type Finding, figure, sentence, type Table, table } from "../../study/finding.ts";
import { groupedBy } from "../../study/groups.ts";
import { counted, listed, percent, printed, pValue } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import { type Choice, type Data, type Origin, type Rating, readersOf } from "../data.ts";
import { alphaLevelsOf, whyWithheld } from "../interim-analysis.ts";
import { clustersOf, verdictOnChoices } from "../judged.ts";
import { ratedOf } from "../rated.ts";
import { noJudgmentsFinding } from "../ready.ts";

/** What readers answer in each condition, and whether the difference between human and machine stories depends on it. */
export const conditions: Analysis = {
  name: "conditions",
  section: "result",
  question: "Does it matter under which condition stories are read?",
  needs: ["conditions"],
  run(data) {
    const outcomes = outcomesOf(data);
    if (outcomes.length === 0) return { findings: [noJudgmentsFinding(data)], numbers: {} };
    const interactions = withHolm(outcomes.flatMap((outcome) => contrastsOf("interaction", outcome, data)));
    const effects = withHolm(outcomes.flatMap((outcome) => contrastsOf("condition", outcome, data)));
    const cells = outcomes.map((outcome) => ({ outcome, rows: cellsOf(outcome, data) }));
    const findings: Finding[] = [
      ...interactionSentences(interactions, data),
      ...cells.flatMap(({ outcome, rows }) => [
        figure("result", cellsCaption(outcome), cellsFigure(outcome, rows)),
        table("result", verdictsCaption(outcome, data), verdictsTable(outcome, data)),
      ]),
      table("result", contrastsCaption, contrastsTable([...interactions, ...effects])),
      ...untrueSentences(data),
      sentence("method", methodText(data)),
    ];
    return {
      findings,
      numbers: {
        conditions: data.conditions,
        cells: cells.flatMap(({ outcome, rows }) => rows.map((row) => ({ outcome: outcome.name, ...row }))),
        interactions,
        effects,
      },
    };
  },
};

/** Answers to one question as numbers: 1 for "human" and 0 for "machine", or a rating. */
export interface Outcome {
  readonly name: string;
  readonly kind: "choices" | "ratings";
  readonly rows: readonly Row[];
}

type Row = (Choice | Rating) & { readonly value: number; readonly condition: string };

function outcomesOf(data: Data): Outcome[] {
  const inCondition = <One extends Choice | Rating>(rows: readonly One[], number: (row: One) => number) =>
    rows.flatMap((row) =>
      row.condition === undefined ? [] : [{ ...row, condition: row.condition, value: number(row) }],
    );
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
export interface ConditionContrast {
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
  readonly estimate: number;
  readonly standardError: number;
  /** 0 if there are too few readers or stories for a test. */
  readonly degrees: number;
  readonly interval: Interval;
  readonly p: number;
  readonly holm: number;
}

/**
 * Every condition with answers to both kinds of story against the reference. Shares called human are compared as normal
 * quantiles, with the log-linear correction (Hautus 1995): on the scale of shares, a mere bias towards one answer would look
 * like an interaction (delta method for the errors). Standard errors are clustered by reader, by
 * story and by the declared clusters (`clusteredContrast`), and never below those of independent answers. p is 1 if no test is possible.
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
    const groups = own.map(cellName);
    const sign = (origin: Origin) => (of === "condition" ? 0.5 : origin === "human" ? 1 : -1);
    const values = own.map(({ value }) => value);
    const cells = [condition, reference!].flatMap((one, at) =>
      origins.map((origin) => {
        const group = cellName({ condition: one, origin });
        const inCell = values.filter((_, row) => groups[row] === group);
        return { group, weight: (at === 0 ? 1 : -1) * sign(origin), ...scaleOf(inCell, kind) };
      }),
    );
    const weights = new Map<Label, number>(cells.map(({ group, weight, slope }) => [group, weight * slope]));
    const estimate = cells.reduce((sum, { weight, mean }) => sum + weight * mean, 0);
    const found = clusteredContrast(values, {
      clusters: [
        own.map(({ participant }) => participant),
        own.map(({ stimulus }) => stimulus),
        ...clustersOf(own, data).map(({ labels }) => labels),
      ].slice(0, 4),
      groups,
      weights,
      level: data.settings.level,
    });
    const standardError = Math.max(found.standardError, independentError(values, groups, weights));
    const wider = standardError / found.standardError;
    const half = ((found.interval.high - found.interval.low) / 2) * (Number.isFinite(wider) ? wider : 1);
    const p =
      found.degrees > 0 && standardError > 0 ? studentTwoSided(estimate / standardError, found.degrees) : 1;
    return {
      ...{ outcome: name, kind, of, condition, reference: reference!, estimate },
      ...{ standardError, degrees: found.degrees, p, holm: p },
      interval: { low: estimate - half, high: estimate + half },
    };
  });
}

/** A cell's mean on the scale of the comparison, and the slope of that scale there. */
function scaleOf(
  values: readonly number[],
  kind: Outcome["kind"],
): { readonly mean: number; readonly slope: number } {
  const sum = values.reduce((total, value) => total + value, 0);
  if (kind === "ratings") return { mean: sum / values.length, slope: 1 };
  const mean = normalQuantile((sum + 0.5) / (values.length + 1));
  return { mean, slope: 1 / normalDensity(mean) };
}

const cellName = ({ condition, origin }: Pick<Row, "condition" | "origin">): string =>
  `${condition} ${origin}`;

/** The standard error if all answers were independent. */
function independentError(
  values: readonly number[],
  groups: readonly string[],
  weights: ReadonlyMap<Label, number>,
): number {
  let variance = 0;
  for (const [group, own] of groupedBy(values.keys(), (at) => groups[at]!)) {
    const mean = own.reduce((sum, at) => sum + values[at]!, 0) / own.length;
    const squares = own.reduce((sum, at) => sum + (values[at]! - mean) ** 2, 0);
    if (own.length > 1) variance += (weights.get(group)! ** 2 * squares) / (own.length - 1) / own.length;
  }
  return Math.sqrt(variance);
}

function withHolm(contrasts: readonly ConditionContrast[]): ConditionContrast[] {
  const adjusted = holm(contrasts.map(({ p }) => p));
  return contrasts.map((contrast, at) => ({ ...contrast, holm: adjusted[at]! }));
}

function interactionSentences(interactions: readonly ConditionContrast[], data: Data): Finding[] {
  const why = whyWithheld(data);
  if (why !== undefined) return [sentence("result", `Conditions are not compared yet: ${why}.`)];
  const tested = interactions.filter(({ degrees }) => degrees > 0);
  if (tested.length === 0)
    return [sentence("result", "The conditions cannot be compared: there are too few readers or stories.")];
  const { alpha } = alphaLevelsOf(data);
  const shown = tested.filter((one) => one.holm <= alpha);
  if (shown.length === 0) {
    const least = Math.min(...tested.map((one) => one.holm));
    return [
      sentence(
        "result",
        `It is not shown that the difference between human and machine stories depends on the condition (smallest corrected ${pValue(least)}). This does not show that it is the same in all of them.`,
      ),
    ];
  }
  return shown.map((one) => sentence("result", interactionText(one)));
}

function interactionText({
  outcome,
  kind,
  condition,
  reference,
  estimate,
  interval,
  holm: p,
}: ConditionContrast) {
  const range = `difference ${printed(interval.low, "number")} to ${printed(interval.high, "number")}; corrected ${pValue(p)}`;
  const by = `${printed(Math.abs(estimate), "number")} ${estimate > 0 ? "higher" : "lower"} under ${condition} than under ${reference} (${range})`;
  return kind === "choices"
    ? `The condition changes how well readers tell human from machine stories: d′ is ${by}.`
    : `The condition changes how human and machine stories are rated (${outcome}): the mean rating of human stories minus that of machine stories is ${by}.`;
}

interface Cell {
  readonly condition: string;
  readonly origin: Origin;
  readonly readers: number;
  readonly answers: number;
  readonly mean: number;
  readonly interval: Interval | undefined;
}

/** The mean answer in every condition to human and to machine stories. */
function cellsOf({ rows }: Outcome, data: Data): Cell[] {
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

const cellsCaption = ({ name, kind }: Outcome): string =>
  kind === "choices"
    ? "How often human and machine stories were called human in each condition, with clustered intervals"
    : `Mean rating (${name}) of human and machine stories in each condition, with clustered intervals`;

function cellsFigure({ kind, name }: Outcome, cells: readonly Cell[]): Figure {
  const format = kind === "choices" ? "percent" : "number";
  const label = kind === "choices" ? "Called human" : name;
  return {
    draw: "intervals",
    table: {
      columns: [
        { key: "of", label: "Condition and stories", format: "text" },
        { key: "mean", label, format },
        { key: "low", label: "Interval", format },
        { key: "high", label: "to", format },
        { key: "readers", label: "Readers", format: "integer" },
        { key: "answers", label: "Answers", format: "integer" },
      ],
      rows: cells.map(({ condition, origin, mean, interval, readers, answers }) => ({
        of: `${condition}, ${origin}`,
        group: origin,
        mean,
        low: interval?.low ?? null,
        high: interval?.high ?? null,
        readers,
        answers,
      })),
    },
    encode: { x: "mean", low: "low", high: "high", y: "of", group: "group" },
    labels: { x: label },
  };
}

const verdictsCaption = ({ kind, name }: Outcome, { conditions: all = [] }: Data): string =>
  `${kind === "choices" ? "Accuracy" : `Mean rating (${name}), human minus machine stories,`} and verdict in each condition; alpha is divided by the ${all.length} conditions`;

/** Every condition's own verdict: accuracy against guessing, or the difference of the ratings. */
function verdictsTable({ kind, name, rows }: Outcome, data: Data): Table {
  const { conditions: all = [], settings } = data;
  const divided: Data = { ...data, settings: { ...settings, alpha: settings.alpha / all.length } };
  const cells = all.flatMap((condition) => {
    const own = rows.filter((row) => row.condition === condition);
    if (own.length === 0) return [];
    const counts = { condition, readers: readersOf(own).length, answers: own.length };
    if (kind === "choices") {
      const { overall, together } = verdictOnChoices(own as readonly (Row & Choice)[], divided);
      return [{ ...counts, estimate: overall.estimate ?? null, verdict: together }];
    }
    const { difference } = ratedOf(name, own as readonly (Row & Rating)[], divided);
    return [
      {
        ...counts,
        estimate: difference?.estimate ?? null,
        verdict: difference && whyWithheld(data) === undefined ? difference.verdict : "inconclusive",
      },
    ];
  });
  return {
    columns: [
      { key: "condition", label: "Condition", format: "text" },
      { key: "readers", label: "Readers", format: "integer" },
      { key: "answers", label: "Answers", format: "integer" },
      kind === "choices"
        ? { key: "estimate", label: "Accuracy", format: "percent" }
        : { key: "estimate", label: "Human minus machine", format: "number" },
      { key: "verdict", label: "Verdict", format: "text" },
    ],
    rows: cells,
  };
}

const contrastsCaption =
  "Conditions compared with the reference. Interaction: how much more answers to human and to machine stories differ than under the reference (judgments of origin: the difference of d′). Condition: how much higher the answers are than under the reference (judgments of origin: how much more readily stories are called human, in standard deviations). Holm’s correction within each";

const contrastsTable = (contrasts: readonly ConditionContrast[]): Table => ({
  columns: [
    { key: "outcome", label: "Answers", format: "text" },
    { key: "of", label: "Effect", format: "text" },
    { key: "condition", label: "Condition", format: "text" },
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

/** Where readers were told something untrue, the report says so. */
function untrueSentences({ choices, toldChoices = [], ratings }: Data): Finding[] {
  const untrue = [...choices, ...toldChoices, ...ratings].filter(
    ({ told, origin }) => told !== undefined && told !== origin,
  );
  if (untrue.length === 0) return [];
  const where = [...new Set(untrue.flatMap(({ condition }) => condition ?? []))];
  const all = choices.length + toldChoices.length + ratings.length;
  return [
    sentence(
      "result",
      `Deception: in ${listed(where)}, ${counted(readersOf(untrue).length, "reader")} were told something untrue about the author of a story (${percent(untrue.length / all)} of all answers); the debriefing after the last answer corrected it.`,
    ),
  ];
}

function methodText({ settings, conditions: all = [] }: Data): string {
  return `Each condition was compared with ${all[0]}, declared as the reference, by contrasts of the means of its answers to human and to machine stories (for judgments of origin, normal quantiles of the shares called human with the log-linear correction, so that an interaction is a difference of d′ and a mere bias is none). Standard errors are clustered by reader and by story${settings.clusters?.length === 0 ? "" : " and by the clusters of the verdict"} (CV3 jackknife; Cameron, Gelbach and Miller 2011), never below those of independent answers, with Student’s t and the degrees of freedom of the verdict (Satterthwaite’s with more clusters than readers and stories, else those of the clustering with the fewest); p-values are corrected by Holm over conditions and questions. Answers of readers who were told who wrote a story are used only here, not in the study’s verdict.`;
}
