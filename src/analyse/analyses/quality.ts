import { median, quantile } from "../../stats/quantile.ts";
import type { StudyVerdict } from "../../stats/verdict-test.ts";
import { type Finding, figure, inSection, sentence, type Table, table } from "../../study/finding.ts";
import { groupedBy } from "../../study/groups.ts";
import { counted, printed } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import { type Choice, type Data, readersOf } from "../data.ts";
import { isStraightLining } from "../exclusions.ts";
import { declaredVerdict, verdictBeforeExclusions, verdictOnChoices } from "../judged.ts";
import { leftOutFindings } from "../ready.ts";

/** Quality of the answers: times, straight-lining, attention checks, the declared exclusions and their effect on the verdict. */
export const quality: Analysis = {
  name: "quality",
  question: "Did readers answer with care, and do exclusions change the verdict?",
  needs: ["choices", "pairs", "ratings"],
  section: "readers",
  run(data) {
    const before = data.excluded?.before ?? data;
    const answers = [...before.choices, ...before.pairs, ...before.ratings];
    if (answers.length === 0) {
      return {
        findings: [sentence("result", "There are no answers yet.")],
        numbers: { answers: 0 },
      };
    }
    const signs = qualityCounts(before);
    const compared = compare(before, data);
    const findings: Finding[] = [
      sentence("result", qualityText(signs, before)),
      ...timesFigure(answers.flatMap(({ ms }) => ms ?? [])),
      ...readBeforeFindings(before, signs),
      ...leftOutFindings(before),
      ...exclusionFindings(data),
      ...(compared ? comparisonFindings(compared) : []),
    ];
    return {
      findings,
      numbers: { signs, exclusions: data.excluded?.rules ?? [], compared: compared ?? null },
    };
  },
};

interface QualityCounts {
  readonly readers: number;
  readonly answers: number;
  readonly straightLining: number;
  readonly checks: number;
  readonly failedChecks: number;
  /** Milliseconds per answer; undefined where no times are known. */
  readonly medianMs: number | undefined;
  readonly underTwoSeconds: number;
  /** Answers about pairs with a story that the reader had already judged or rated alone. */
  readonly readBefore: number;
}

/** Two seconds are too short to read ninety words. This is a warning sign; only declared rules exclude answers. */
const tooShort = 2000;

function qualityCounts(data: Data): QualityCounts {
  const { choices, pairs, ratings, checks } = data;
  const answers = [...choices, ...pairs, ...ratings];
  const times = answers.flatMap(({ ms }) => ms ?? []);
  return {
    readers: readersOf(answers).length,
    answers: answers.length,
    straightLining: straightLinersOf(data).size,
    checks: checks.length,
    failedChecks: checks.filter(({ passed }) => !passed).length,
    medianMs: times.length > 0 ? median(times) : undefined,
    underTwoSeconds: times.filter((ms) => ms < tooShort).length,
    readBefore: readBeforeOf(data),
  };
}

/** Readers who gave the same answer to all of at least six stories in one question. */
function straightLinersOf({ choices, pairs, ratings }: Data): ReadonlySet<string> {
  const byReader = groupedBy([...choices, ...pairs, ...ratings], ({ participant }) => participant);
  return new Set([...byReader].filter(([, own]) => isStraightLining(own, 6)).map(([reader]) => reader));
}

/** How many pairs have a story that their reader saw alone earlier. */
function readBeforeOf({ choices, pairs, ratings }: Data): number {
  const alone = groupedBy([...choices, ...ratings], ({ participant }) => participant);
  return pairs.filter(({ participant, stimulus, order = 0 }) =>
    alone
      .get(participant)
      ?.some((one) => (one.order ?? order) < order && stimulus.split(" ").includes(one.stimulus)),
  ).length;
}

/** A remembered judgment makes the second one dependent on the first. */
function readBeforeFindings({ pairs }: Data, { readBefore }: QualityCounts): Finding[] {
  if (readBefore === 0) return [];
  return [
    sentence(
      "result",
      `${readBefore} of ${counted(pairs.length, "answer")} about pairs ${readBefore === 1 ? "includes" : "include"} a story that the reader had already judged or rated alone. Memory may have influenced ${readBefore === 1 ? "it" : "them"}.`,
    ),
  ];
}

function qualityText(signs: QualityCounts, data: Data): string {
  const times =
    signs.medianMs === undefined
      ? "Answer times are not known."
      : `The median answer time was ${printed(signs.medianMs, "milliseconds")}; ${signs.underTwoSeconds} of ${signs.answers} answers took less than two seconds.`;
  const checks =
    signs.checks > 0
      ? ` ${signs.failedChecks} of ${counted(signs.checks, "attention check")} ${signs.failedChecks === 1 ? "was" : "were"} failed${failedText(signs, data)}.`
      : "";
  const simulated = data.simulated ? " Readers and times are simulated." : "";
  return `${counted(signs.readers, "reader")} gave ${counted(signs.answers, "answer")}. ${signs.straightLining === 0 ? "Nobody" : counted(signs.straightLining, "reader")} gave the same answer to all of at least six stories. ${times}${checks}${simulated}`;
}

/** Who failed attention checks, and whether a declared rule leaves them out. */
function failedText({ failedChecks }: QualityCounts, { checks, settings }: Data): string {
  if (failedChecks === 0) return "";
  const who = readersWhoFailed(checks).size;
  const most = settings.exclude.failedChecks;
  const rule =
    most === undefined
      ? "no declared rule leaves them out"
      : `the declared rule leaves out those who failed more than ${most}`;
  return `, by ${counted(who, "reader")}; ${rule}`;
}

const readersWhoFailed = (checks: Data["checks"]): ReadonlySet<string> =>
  new Set(checks.filter(({ passed }) => !passed).map(({ participant }) => participant));

/** Times in ten bins up to the 98th percentile, so that one very long time does not flatten the rest. */
function timesFigure(times: readonly number[]): Finding[] {
  if (times.length < 10) return [];
  const seconds = Math.max(1, Math.ceil(quantile(times, 0.98) / bins / 1000));
  const binOf = (ms: number) => Math.min(bins - 1, Math.floor(ms / 1000 / seconds));
  const rows = Array.from({ length: bins }, (_, bin) => ({
    from: bin * seconds,
    to: bin === bins - 1 ? null : (bin + 1) * seconds,
    answers: times.filter((ms) => binOf(ms) === bin).length,
  }));
  return [
    figure("detail", "Answer times; the last bar includes all longer times", {
      draw: "histogram",
      table: {
        columns: [
          { key: "from", label: "Seconds, from", format: "integer" },
          { key: "to", label: "to less than", format: "integer" },
          { key: "answers", label: "Answers", format: "integer" },
        ],
        rows,
      },
      encode: { x: "from", to: "to", y: "answers" },
      labels: { x: "Seconds", y: "Answers" },
    }),
  ];
}

const bins = 10;

function exclusionFindings({ excluded }: Data): Finding[] {
  const rules = excluded?.rules ?? [];
  if (rules.length === 0) return [sentence("detail", "No exclusion rule was declared; nobody is excluded.")];
  const answers = rules.reduce((sum, rule) => sum + rule.answers, 0);
  const readers = rules.reduce((sum, rule) => sum + rule.readers, 0);
  const said =
    answers === 0
      ? "The declared rules exclude nobody."
      : `The declared rules exclude ${counted(readers, "reader")} completely and ${counted(answers, "answer")} in total; all other figures in this report are without them.`;
  return [
    sentence(answers === 0 ? "detail" : "result", said),
    table(
      "detail",
      "Exclusions by each declared rule; an answer is counted once, under the first rule that excludes it",
      {
        columns: [
          { key: "rule", label: "Rule", format: "text" },
          { key: "readers", label: "Readers, completely", format: "integer" },
          { key: "answers", label: "Answers", format: "integer" },
        ],
        rows: rules.map((rule) => ({ ...rule })),
      },
    ),
  ];
}

interface ComparedVerdicts {
  readonly with: StudyVerdict;
  readonly without: StudyVerdict;
  readonly withoutStraightLiners: StudyVerdict;
  readonly withoutFast: StudyVerdict;
  /** Undefined if nobody failed an attention check. */
  readonly withoutFailed: StudyVerdict | undefined;
}

/** The verdict on all answers, after the declared exclusions, and without each sign of carelessness. */
function compare(before: Data, after: Data): ComparedVerdicts | undefined {
  if (before.choices.length === 0) return undefined;
  const test = (choices: readonly Choice[]) => verdictOnChoices(choices, after);
  const straightLiners = straightLinersOf(before);
  const failed = readersWhoFailed(before.checks);
  return {
    with: verdictBeforeExclusions(after) ?? declaredVerdict(after),
    without: declaredVerdict(after),
    withoutStraightLiners: test(before.choices.filter(({ participant }) => !straightLiners.has(participant))),
    withoutFast: test(before.choices.filter(({ ms }) => ms === undefined || ms >= tooShort)),
    withoutFailed:
      failed.size > 0
        ? test(before.choices.filter(({ participant }) => !failed.has(participant)))
        : undefined,
  };
}

function comparisonFindings(compared: ComparedVerdicts): Finding[] {
  const rows: [string, StudyVerdict][] = [
    ["All answers", compared.with],
    ["After the declared exclusions (the verdict of this report)", compared.without],
    [
      "Without readers who gave the same answer to all of at least six stories",
      compared.withoutStraightLiners,
    ],
    ["Without answers given in less than two seconds", compared.withoutFast],
    ...(compared.withoutFailed
      ? [["Without readers who failed an attention check", compared.withoutFailed] as [string, StudyVerdict]]
      : []),
  ];
  const words = new Set(rows.map(([, { together }]) => together));
  const same = words.size === 1;
  const said = sentence(
    "result",
    same
      ? `The verdict is the same (${compared.with.together}) with all answers, after the declared exclusions, and without readers who gave one answer throughout${compared.withoutFailed ? ", failed an attention check" : ""} or answered within two seconds.`
      : "The verdict depends on who is excluded.",
  );
  const each = table("detail", "The verdict by exclusion rule", comparisonTable(rows));
  // The same verdict in every row needs no space in the report's body.
  return same ? [...inSection("robustness", said), each] : inSection("robustness", said, each);
}

const comparisonTable = (rows: readonly [string, StudyVerdict][]): Table => ({
  columns: [
    { key: "answers", label: "Answers", format: "text" },
    { key: "judgments", label: "Judgments", format: "integer" },
    { key: "readers", label: "Readers", format: "integer" },
    { key: "accuracy", label: "Accuracy", format: "percent" },
    { key: "low", label: "Interval", format: "percent" },
    { key: "high", label: "to", format: "percent" },
    { key: "verdict", label: "Verdict", format: "text" },
  ],
  rows: rows.map(([answers, { overall, together }]) => ({
    answers,
    judgments: overall.judgments,
    readers: overall.readers,
    accuracy: overall.estimate ?? null,
    low: overall.interval.low,
    high: overall.interval.high,
    verdict: together,
  })),
});
