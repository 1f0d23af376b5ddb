import { median, quantile } from "../../stats/quantile.ts";
import type { StudyVerdict } from "../../stats/verdict-test.ts";
import { type Finding, figure, sentence, type Table, table } from "../../study/finding.ts";
import { groupedBy } from "../../study/groups.ts";
import { counted, printed } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import { type Choice, type Data, readersOf } from "../data.ts";
import { isStraightLining } from "../exclusions.ts";
import { verdictOnChoices } from "../judged.ts";
import { saysWhatIsLeftOut } from "../ready.ts";

/** Who answered with care: times, sameness, attention checks, exclusions by the declared rules, and what they change. */
export const quality: Analysis = {
  name: "quality",
  asks: "Did readers answer with care, and does leaving some out change anything?",
  needs: ["choices", "pairs", "ratings"],
  run(data) {
    const before = data.excluded?.before ?? data;
    const answers = [...before.choices, ...before.pairs, ...before.ratings];
    if (answers.length === 0) {
      return {
        findings: [sentence("result", "There are no answers to look at yet.")],
        numbers: { answers: 0 },
      };
    }
    const signs = signsOf(before);
    const compared = compare(before, data);
    const findings: Finding[] = [
      sentence("result", saySigns(signs, before)),
      ...timesFigure(answers.flatMap(({ ms }) => ms ?? [])),
      ...saysWhatWasReadBefore(before, signs),
      ...saysWhatIsLeftOut(before),
      ...exclusionFindings(data),
      ...(compared ? comparisonFindings(compared) : []),
    ];
    return {
      findings,
      numbers: { signs, exclusions: data.excluded?.rules ?? [], compared: compared ?? null },
    };
  },
};

interface BotSignalCounts {
  readonly readers: number;
  readonly answers: number;
  readonly straightLining: number;
  readonly checks: number;
  readonly failedChecks: number;
  /** Milliseconds an answer; undefined where no times are known. */
  readonly medianMs: number | undefined;
  readonly underTwoSeconds: number;
  /** Answers about pairs, one of whose stories the reader had been asked about alone before. */
  readonly readBefore: number;
}

/** Two seconds are too few to read ninety words: a sign, and no rule unless the study declares one. */
const tooShort = 2000;

function signsOf(data: Data): BotSignalCounts {
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

/** Readers who gave one and the same answer to all of six stories or more, whatever they were asked of them. */
function straightLinersOf({ choices, pairs, ratings }: Data): ReadonlySet<string> {
  const byReader = groupedBy([...choices, ...pairs, ...ratings], ({ participant }) => participant);
  return new Set([...byReader].filter(([, own]) => isStraightLining(own, 6)).map(([reader]) => reader));
}

/** How many pairs hold a story that stood before their reader alone, earlier in the order shown. */
function readBeforeOf({ choices, pairs, ratings }: Data): number {
  const alone = groupedBy([...choices, ...ratings], ({ participant }) => participant);
  return pairs.filter(({ participant, stimulus, order = 0 }) =>
    alone
      .get(participant)
      ?.some((one) => (one.order ?? order) < order && stimulus.split(" ").includes(one.stimulus)),
  ).length;
}

/** A judgment may be remembered, so that the second one is none of its own. */
function saysWhatWasReadBefore({ pairs }: Data, { readBefore }: BotSignalCounts): Finding[] {
  if (readBefore === 0) return [];
  return [
    sentence(
      "result",
      `${readBefore} of ${counted(pairs.length, "answer")} about pairs ${readBefore === 1 ? "is" : "are"} of a story that the reader had been asked about alone before: what was remembered and what was seen in the pair cannot be told apart.`,
    ),
  ];
}

function saySigns(signs: BotSignalCounts, data: Data): string {
  const times =
    signs.medianMs === undefined
      ? "How long they took is not known."
      : `An answer took ${printed(signs.medianMs, "milliseconds")} at the median; ${signs.underTwoSeconds} of ${signs.answers} came in less than two seconds.`;
  const checks =
    signs.checks > 0
      ? ` ${signs.failedChecks} of ${counted(signs.checks, "attention check")} ${signs.failedChecks === 1 ? "was" : "were"} failed.`
      : "";
  const simulated = data.simulated ? " The readers are simulated: their times are too." : "";
  return `${counted(signs.readers, "reader")} gave ${counted(signs.answers, "answer")}. ${signs.straightLining === 0 ? "Nobody" : counted(signs.straightLining, "reader")} gave one and the same answer to all of six stories or more. ${times}${checks}${simulated}`;
}

/** Times in ten bins up to the 98th percentile, so that one forgotten page does not flatten the rest. */
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
    figure("detail", "How long answers took; the last bar holds all that took longer", {
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
  if (rules.length === 0)
    return [sentence("result", "No rule of exclusion was declared, and nobody is left out.")];
  const answers = rules.reduce((sum, rule) => sum + rule.answers, 0);
  const readers = rules.reduce((sum, rule) => sum + rule.readers, 0);
  const said =
    answers === 0
      ? "The declared rules leave nothing out."
      : `The declared rules leave out ${counted(readers, "reader")} and ${counted(answers, "answer")} in all; every other figure of this report is without them.`;
  return [
    sentence("result", said),
    table("detail", "What each declared rule leaves out; what an earlier rule took is not counted again", {
      columns: [
        { key: "rule", label: "Left out", format: "text" },
        { key: "readers", label: "Readers, whole", format: "integer" },
        { key: "answers", label: "Answers", format: "integer" },
      ],
      rows: rules.map((rule) => ({ ...rule })),
    }),
  ];
}

interface Compared {
  readonly with: StudyVerdict;
  readonly without: StudyVerdict;
  readonly withoutStraightLiners: StudyVerdict;
  readonly withoutFast: StudyVerdict;
}

/** The verdict on all answers, on those that the rules keep, and without each sign of carelessness. */
function compare(before: Data, after: Data): Compared | undefined {
  if (before.choices.length === 0) return undefined;
  const test = (choices: readonly Choice[]) => verdictOnChoices(choices, after);
  const straightLiners = straightLinersOf(before);
  return {
    with: test(before.choices),
    without: test(after.choices),
    withoutStraightLiners: test(before.choices.filter(({ participant }) => !straightLiners.has(participant))),
    withoutFast: test(before.choices.filter(({ ms }) => ms === undefined || ms >= tooShort)),
  };
}

function comparisonFindings(compared: Compared): Finding[] {
  const rows: [string, StudyVerdict][] = [
    ["All answers", compared.with],
    ["Without what the declared rules leave out (the verdict of this report)", compared.without],
    [
      "Without readers who gave one and the same answer to all of six stories or more",
      compared.withoutStraightLiners,
    ],
    ["Without answers given in less than two seconds", compared.withoutFast],
  ];
  const words = new Set(rows.map(([, { together }]) => together));
  return [
    sentence(
      "result",
      words.size === 1
        ? `The verdict is the same, ${compared.with.together}, with and without those whom the table below leaves out.`
        : "The verdict depends on who is left out: see the table.",
    ),
    table("detail", "The verdict with and without", comparisonTable(rows)),
  ];
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
