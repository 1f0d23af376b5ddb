import type { Interval } from "../../stats/interval.ts";
import { holm } from "../../stats/multiple-tests.ts";
import { fitOrdinal } from "../../stats/ordinal.ts";
import { studentQuantile } from "../../stats/student-t.ts";
import { type Finding, figure, sentence, type Table, table } from "../../study/finding.ts";
import { groupedBy } from "../../study/groups.ts";
import { capital, listed, printed, pValue } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import {
  type CellVerdict,
  type ConditionContrast,
  cellsFigure,
  cellsOf,
  contrastsOf,
  type Outcome,
  outcomesOf,
  verdictsOf,
  verdictsTable,
} from "../cells.ts";
import { type Data, type ReaderGrouping, readersOf } from "../data.ts";
import { alphaLevelsOf, whyWithheld } from "../interim-analysis.ts";
import { clustersOf } from "../judged.ts";
import { noJudgmentsFinding } from "../ready.ts";
import { smallest, suppressed } from "../small-groups.ts";

/** Whether groups of readers differ in how well they tell, and how they rate, human and machine stories. */
export const groups: Analysis = {
  name: "groups",
  section: "who can tell",
  question: "Do some groups of readers tell better than others?",
  needs: ["groups"],
  run(data) {
    const groupings = data.groups ?? [];
    const compared = groupings.flatMap((grouping) => comparedBy(grouping, data));
    if (compared.length === 0) return { findings: [noJudgmentsFinding(data)], numbers: {} };
    const families = [false, true].map((exploratory) => ({
      exploratory,
      effects: withHolm(
        compared.filter((one) => one.grouping.exploratory === exploratory).flatMap((one) => one.effects),
      ),
    }));
    const effects = families.flatMap((family) => family.effects);
    const findings: Finding[] = [
      ...families.flatMap((family) => sentences(family, data)),
      ...groupings.filter(({ groups: names }) => names).map((grouping) => sizesTable(grouping, data)),
      ...compared.flatMap(({ grouping, outcome, cells, verdicts }) =>
        cells.length === 0
          ? []
          : [
              figure("result", cellsCaption(grouping, outcome), cellsFigure(outcome, cells, shownAs)),
              table(
                "result",
                verdictsCaption(grouping, outcome),
                verdictsTable(outcome.kind, verdicts, shownAs),
              ),
            ],
      ),
      ...(effects.length > 0 ? [table("result", effectsCaption, effectsTable(effects))] : []),
      sentence("method", method),
    ];
    return {
      findings,
      numbers: {
        groups: groupings.map(({ name, exploratory, groups: names = null }) => ({
          name,
          exploratory,
          groups: names,
        })),
        effects,
        verdicts: compared.flatMap(({ grouping, outcome, verdicts }) =>
          verdicts.map(({ readers: _, answers: __, condition: group, ...verdict }) => ({
            grouping: grouping.name,
            outcome: outcome.name,
            group,
            ...verdict,
          })),
        ),
      },
    };
  },
};

/** The size of one small group would follow from the exact sizes of the others. */
const shownAs = { label: "Group", counts: false };

/** How a group differs from the reference, or how answers change with a number. */
export interface GroupEffect {
  readonly grouping: string;
  readonly exploratory: boolean;
  readonly outcome: string;
  readonly kind: Outcome["kind"];
  /** As in `ConditionContrast`: `interaction` is about skill, `condition` about the level of the answers. */
  readonly of: ConditionContrast["of"];
  /** The group; for a number, one standard deviation of it between readers. */
  readonly group: string;
  /** The group that it is compared with; empty for a number. */
  readonly reference: string;
  /** Of groups: difference of d', or of ratings. Of a number: log odds ratio for one standard deviation. */
  readonly estimate: number;
  readonly interval: Interval;
  /** 0 if there are too few readers or stories for a test. */
  readonly degrees: number;
  readonly p: number;
  readonly holm: number;
}

interface ComparedBy {
  readonly grouping: ReaderGrouping;
  readonly outcome: Outcome;
  readonly cells: ReturnType<typeof cellsOf>;
  readonly verdicts: readonly CellVerdict[];
  readonly effects: readonly GroupEffect[];
}

/** Readers who were told who wrote a story do not show what readers recognise, so their choices are left out. */
function comparedBy(grouping: ReaderGrouping, data: Data): ComparedBy[] {
  const { choices, ratings } = data;
  const groupOf = ({ participant }: { readonly participant: string }) => grouping.of.get(participant);
  if (!grouping.groups) {
    return outcomesOf({ choices, ratings }, (row) => (groupOf(row) === undefined ? undefined : "all")).map(
      (outcome) => ({
        grouping,
        outcome,
        cells: [],
        verdicts: [],
        effects: linearEffects(grouping, outcome, data),
      }),
    );
  }
  return outcomesOf({ choices, ratings }, (row) => groupOf(row) as string | undefined).map((whole) => {
    const readers = groupedBy(whole.rows, ({ condition }) => condition);
    const large = grouping.groups!.filter((name) => readersOf(readers.get(name) ?? []).length >= smallest);
    const outcome = { ...whole, rows: whole.rows.filter(({ condition }) => large.includes(condition)) };
    const within: Data = { ...data, conditions: large };
    const effects = (["interaction", "condition"] as const).flatMap((of) =>
      contrastsOf(of, outcome, within).map(({ condition, ...contrast }): GroupEffect => {
        const { standardError: _, ...rest } = contrast;
        return { grouping: grouping.name, exploratory: grouping.exploratory, group: condition, ...rest };
      }),
    );
    return {
      grouping,
      outcome,
      cells: cellsOf(outcome, within),
      verdicts: verdictsOf(outcome, within),
      effects,
    };
  });
}

/**
 * The change of answers with a number, by the cumulative logit model answer ~ origin * number, clustered as the verdict
 * (`fitOrdinal`). Empty if the model has no estimate.
 */
function linearEffects(
  { name, exploratory, of }: ReaderGrouping,
  { name: outcome, kind, rows }: Outcome,
  data: Data,
): GroupEffect[] {
  const numbers = readersOf(rows).map((reader) => Number(of.get(reader)));
  const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  const deviation = Math.sqrt(
    numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (numbers.length - 1),
  );
  if (!(deviation > 0) || numbers.length < smallest) return [];
  const design = rows.map(({ origin, participant }) => {
    const side = origin === "human" ? 0.5 : -0.5;
    const own = (Number(of.get(participant)) - mean) / deviation;
    return [side, own, side * own];
  });
  const fit = fitOrdinal(
    design,
    rows.map(({ value }) => value),
    {
      clusters: [
        rows.map(({ participant }) => participant),
        rows.map(({ stimulus }) => stimulus),
        ...clustersOf(rows, data).map(({ labels }) => labels),
      ].slice(0, 4),
      groups: rows.map(({ origin }) => origin),
    },
  );
  if (!fit.fitted) return [];
  return (
    [
      ["interaction", 2],
      ["condition", 1],
    ] as const
  ).map(([effect, at]) => {
    const [estimate, degrees, p] = [fit.coefficients[at]!, fit.degrees[at]!, fit.pValues[at]!];
    const reach = degrees > 0 ? studentQuantile(0.5 + data.settings.level / 2, degrees) : Infinity;
    const half = reach * fit.clusteredErrors[at]!;
    return {
      ...{ grouping: name, exploratory, outcome, kind, of: effect, reference: "" },
      group: `${printed(deviation, "number")} more`,
      ...{ estimate, degrees, p, holm: p },
      interval: { low: estimate - half, high: estimate + half },
    };
  });
}

/** Holm's correction within the interactions, and within the other effects. */
function withHolm(effects: readonly GroupEffect[]): GroupEffect[] {
  return (["interaction", "condition"] as const).flatMap((of) => {
    const own = effects.filter((effect) => effect.of === of);
    const adjusted = holm(own.map(({ p }) => p));
    return own.map((effect, at) => ({ ...effect, holm: adjusted[at]! }));
  });
}

function sentences(
  { exploratory, effects }: { readonly exploratory: boolean; readonly effects: readonly GroupEffect[] },
  data: Data,
): Finding[] {
  const names = (data.groups ?? []).filter((one) => one.exploratory === exploratory).map(({ name }) => name);
  if (names.length === 0) return [];
  const begin = exploratory ? "Exploratory, to be confirmed by another study: " : "";
  const say = (text: string) => sentence("result", `${begin}${begin ? text : capital(text)}`);
  const why = whyWithheld(data);
  if (why !== undefined) return [say(`groups of readers (${listed(names)}) are not compared yet: ${why}.`)];
  const tested = effects.filter(({ of, degrees }) => of === "interaction" && degrees > 0);
  if (tested.length === 0)
    return [
      say(`groups of readers (${listed(names)}) cannot be compared: there are too few readers or stories.`),
    ];
  const { alpha } = alphaLevelsOf(data);
  const shown = tested.filter((one) => one.holm <= alpha);
  if (shown.length > 0) return shown.map((one) => say(effectText(one)));
  const least = Math.min(...tested.map((one) => one.holm));
  return [
    say(
      `it is not shown that readers tell better or worse by ${listed(names)} (smallest corrected ${pValue(least)}). This does not show that all readers tell equally well.`,
    ),
  ];
}

function effectText({
  grouping,
  kind,
  outcome,
  group,
  reference,
  estimate,
  interval,
  holm: p,
}: GroupEffect): string {
  const size = printed(Math.abs(estimate), "number");
  const range = `difference ${printed(interval.low, "number")} to ${printed(interval.high, "number")}; corrected ${pValue(p)}`;
  const more = estimate > 0 ? "higher" : "lower";
  if (reference === "") {
    return kind === "choices"
      ? `readers with a higher ${grouping} tell ${estimate > 0 ? "better" : "worse"}: if it is ${group}, the log odds ratio of “human” for human compared with machine stories is ${size} ${more} (${range}).`
      : `readers with a higher ${grouping} rate human and machine stories (${outcome}) differently: if it is ${group}, the log odds ratio of a higher rating for human stories is ${size} ${more} (${range}).`;
  }
  return kind === "choices"
    ? `readers tell ${estimate > 0 ? "better" : "worse"} by ${grouping}: d′ is ${size} ${more} for ${group} than for ${reference} (${range}).`
    : `ratings (${outcome}) depend on ${grouping}: the mean rating of human stories minus that of machine stories is ${size} ${more} for ${group} than for ${reference} (${range}).`;
}

/** How many readers each group has; small groups are not counted exactly, and are not compared. */
function sizesTable({ name, groups: names = [], of, exploratory }: ReaderGrouping, data: Data): Finding {
  const readers = readersOf([...data.choices, ...data.ratings]);
  const sizes = new Map(names.map((group) => [group, 0]));
  let unknown = 0;
  for (const reader of readers) {
    const group = of.get(reader) as string | undefined;
    if (group === undefined) unknown += 1;
    else sizes.set(group, (sizes.get(group) ?? 0) + 1);
  }
  const rows = [...sizes, ...(unknown > 0 ? [["no answer", unknown] as const] : [])];
  const shown = suppressed(rows.map(([, count]) => count));
  return table(
    "result",
    `Readers by ${name}${exploratory ? " (exploratory)" : ""}; groups of fewer than ${smallest} are not counted exactly and not compared`,
    {
      columns: [
        { key: "group", label: "Group", format: "text" },
        { key: "readers", label: "Readers", format: "text" },
      ],
      rows: rows.map(([group], at) => ({ group, readers: shown[at]! })),
    },
  );
}

const about = ({ name, exploratory }: ReaderGrouping): string =>
  `${name}${exploratory ? " (exploratory)" : ""}`;

const cellsCaption = (grouping: ReaderGrouping, { kind, name }: Outcome): string =>
  kind === "choices"
    ? `How often human and machine stories were called human, by ${about(grouping)}, with clustered intervals`
    : `Mean rating (${name}) of human and machine stories, by ${about(grouping)}, with clustered intervals`;

const verdictsCaption = (grouping: ReaderGrouping, { kind, name }: Outcome): string =>
  `${kind === "choices" ? "Accuracy" : `Mean rating (${name}), human minus machine stories,`} and verdict by ${about(grouping)}, with Holm’s correction over the groups`;

const effectsCaption =
  "Groups compared with the reference, and change with a number. Interaction: how much more answers to human and to machine stories differ (judgments of origin: the difference of d′). Condition: how much higher the answers are (judgments of origin: how much more readily stories are called human, in standard deviations). For a number: log odds ratios for one standard deviation of it. Holm’s correction within each, for declared and exploratory comparisons separately";

const effectsTable = (effects: readonly GroupEffect[]): Table => ({
  columns: [
    { key: "grouping", label: "Readers by", format: "text" },
    { key: "outcome", label: "Answers", format: "text" },
    { key: "of", label: "Effect", format: "text" },
    { key: "group", label: "Group", format: "text" },
    { key: "reference", label: "Reference", format: "text" },
    { key: "estimate", label: "Difference", format: "number" },
    { key: "low", label: "Interval", format: "number" },
    { key: "high", label: "to", format: "number" },
    { key: "p", label: "p", format: "p" },
    { key: "holm", label: "p, Holm", format: "p" },
    { key: "declared", label: "Declared", format: "text" },
  ],
  rows: effects.map(
    ({ interval, degrees, exploratory, grouping, outcome, of, group, reference, ...effect }) => ({
      ...{ grouping, outcome, of, group, reference, estimate: effect.estimate },
      low: degrees > 0 ? interval.low : null,
      high: degrees > 0 ? interval.high : null,
      p: degrees > 0 ? effect.p : null,
      holm: degrees > 0 ? effect.holm : null,
      declared: exploratory ? "no" : "yes",
    }),
  ),
});

const method =
  "Groups of readers were compared with the first group by contrasts of the means of its answers to human and to machine stories (for judgments of origin, normal quantiles of the shares called human with the log-linear correction, so that an interaction is a difference of d′ and a mere bias is none). Numbers enter a cumulative logit model with origin and their product. Standard errors are clustered by reader and by story and by the clusters of the verdict (CV3 jackknife; Cameron, Gelbach and Miller 2011), with Student’s t and the degrees of freedom of the fewest clusters; p-values are corrected by Holm over groups, numbers and questions. Groups of readers are not assigned at random: a difference between them may have other causes.";
