import {
  type AbleShare,
  ableShare,
  fewestAnswersForName,
  guessingP,
  readerScores,
  type TestedScore,
  testedReaders,
} from "../stats/able-readers.ts";
import { expertPower, type Heterogeneity, readerHeterogeneity } from "../stats/heterogeneity.ts";
import type { Judgments } from "../stats/judgments.ts";
import { median } from "../stats/quantile.ts";
import type { Random } from "../stats/random.ts";
import { type Vote, votes } from "../stats/voting.ts";
import { type Finding, inSection, sentence, table } from "../study/finding.ts";
import { counted, percent, percentRange, printed, pValue } from "../study/print.ts";
import { levelText } from "./accuracy-text.ts";
import type { Reached } from "./analysis.ts";
import type { Data } from "./data.ts";
import { alphaLevelsOf, whyWithheld } from "./interim-analysis.ts";
import { asJudgments } from "./judged.ts";

/** Whether readers differ in skill, who is shown to be able to tell, and the power to detect such readers. */
export interface ReaderDifferences {
  readonly heterogeneity: Heterogeneity;
  /** Readers significantly better than guessing (Holm), the best first. */
  readonly named: readonly TestedScore[];
  readonly fewestForName: number;
  readonly medianAnswers: number;
  readonly able: AbleShare | undefined;
  /** The power to detect that 5 % of readers are right in 95 % of stories. */
  readonly power: number;
  readonly votes: readonly Vote[];
  /** Whether readers are shown to differ, or one of them is shown to be able to tell. */
  readonly shown: boolean;
}

/** With less power to detect readers who can tell, "indistinguishable" is not claimed. */
const requiredPower = 0.8;

/** The differences between readers; undefined if no reader judged stories of both origins. */
export const readerDifferences = (
  data: Data,
  random: Random,
  reached?: Reached,
): ReaderDifferences | undefined => differencesIn(asJudgments(data.choices, data), data, random, reached);

/** The differences between readers for any judgments; half of the time goes to each of two simulations. */
export function differencesIn(
  judgments: Judgments,
  data: Data,
  random: Random,
  reached: Reached = () => {},
): ReaderDifferences | undefined {
  const { settings } = data;
  const { alpha } = alphaLevelsOf(data);
  const scores = readerScores(judgments);
  if (scores.length === 0) return undefined;
  const heterogeneity = readerHeterogeneity(
    judgments,
    { draws: settings.draws, reached: (share) => reached(share / 2) },
    random.fork("readers"),
  );
  const named = testedReaders(scores)
    .filter(({ holm }) => holm <= alpha)
    .sort((one, other) => one.p - other.p);
  const canName: Parameters<typeof expertPower>[2] = (right, judged, readers) =>
    guessingP(right, judged) <= alpha / readers;
  return {
    heterogeneity,
    named,
    fewestForName: fewestAnswersForName(scores.length, alpha),
    medianAnswers: median(scores.map(({ judged: [human, machine] }) => human + machine)),
    able: ableShare(scores, { level: settings.level, alpha }),
    power: expertPower(
      judgments,
      { alpha, reached: (share) => reached(0.5 + share / 2) },
      canName,
      random.fork("experts"),
    ),
    votes: votes(judgments),
    shown: heterogeneity.p <= alpha || named.length > 0,
  };
}

/** Whether the results on readers allow the word "indistinguishable". */
export const readersAllow = (differences: ReaderDifferences | undefined): boolean =>
  differences !== undefined && !differences.shown && differences.power >= requiredPower;

/** The headline for equivalence if readers differ, or if a difference could have been missed. */
export function onAverageText(differences: ReaderDifferences | undefined, data: Data): string {
  if (differences === undefined) return "Equivalent on average: no reader judged stories of both origins.";
  const { named, able, shown, heterogeneity } = differences;
  if (!shown) {
    return `Equivalent on average; up to ${percent(able!.most)} of readers could still be able to tell.`;
  }
  const { readers } = heterogeneity;
  return named.length > 0
    ? `Equivalent on average, but some readers can tell: ${numberText(named.length, readers)}, and an estimated ${shareText(able!, data)} can.`
    : `Equivalent on average, but readers differ in how well they judge (${pValue(heterogeneity.p)}).`;
}

const numberText = (named: number, readers: number): string =>
  `${printed(named, "integer")} of ${printed(readers, "integer")} ${named === 1 ? "is" : "are"} shown to`;

const shareText = ({ estimate, interval }: AbleShare, { settings: { level } }: Data): string =>
  `${percent(estimate)} (${levelText(level)} interval ${percentRange(interval)})`;

/** The findings about readers: sentences, a table of those who can tell, and a table of majority votes. */
export function readerFindings(differences: ReaderDifferences | undefined, data: Data): Finding[] {
  if (differences === undefined || whyWithheld(data) !== undefined) return [];
  const { named, votes: reached } = differences;
  return [
    ...inSection(
      "who can tell",
      ...readerSentences(differences, data),
      ...(named.length > 0
        ? [
            table(
              "result",
              `${named.length > mostNamed ? `The best ${mostNamed} of the readers` : "Readers"} who are shown to be able to tell (Fisher’s exact test, corrected by Holm)`,
              namedTable(named.slice(0, mostNamed)),
            ),
          ]
        : []),
    ),
    ...(reached.length > 1 ? [table("detail", votesCaption, votesTable(reached))] : []),
    sentence("method", method(differences)),
  ];
}

/** `findings/verdict.json` has all of them. */
const mostNamed = 12;

/** Whether readers differ, who can tell, and the power to detect such readers. */
export const readerSentences = (differences: ReaderDifferences, data: Data): Finding[] => [
  sentence("result", heterogeneityText(differences, data)),
  sentence("result", namedText(differences)),
  sentence("detail", powerText(differences, data)),
];

function heterogeneityText({ heterogeneity, able, shown }: ReaderDifferences, data: Data): string {
  const { ratio, p } = heterogeneity;
  if (ratio === undefined)
    return "Differences between readers cannot be tested: no story has both right and wrong answers.";
  if (p > alphaLevelsOf(data).alpha) {
    return `Readers are not shown to differ in how well they judge (variance ratio ${printed(ratio, "number")}, ${pValue(p)}). ${ableText(able!, data)}${shown ? "" : ` At most ${percent(able!.most)} of readers could be right in 95 % of stories (one-sided, level ${levelText(1 - alphaLevelsOf(data).alpha)}).`}`;
  }
  return `Readers differ in how well they judge (${pValue(p)}): the variance of their accuracies is ${printed(ratio, "number")} times as large as it would be for equally skilled readers. ${ableText(able!, data)}`;
}

const ableText = (able: AbleShare, data: Data): string =>
  `In a model with two kinds of readers, those who guess and those who are right in at least 75 %, an estimated ${shareText(able, data)} can tell. The model assumes these two kinds; it is no evidence that they exist.`;

function namedText({ named, fewestForName, medianAnswers, heterogeneity }: ReaderDifferences): string {
  const { readers } = heterogeneity;
  if (named.length > 0) {
    const best = named[0]!;
    const right = best.right[0] + best.right[1];
    return `${counted(named.length, "reader")} of ${printed(readers, "integer")} ${named.length === 1 ? "is" : "are"} shown to be able to tell; the best was right in ${right} of ${best.judged[0] + best.judged[1]}.`;
  }
  if (medianAnswers < fewestForName) {
    return `No single reader can be shown to be able to tell: with ${counted(readers, "reader")} this needs at least ${fewestForName} answers from one reader, all right; the median reader gave ${printed(medianAnswers, "integer")}.`;
  }
  return `No single reader is shown to be able to tell; with ${counted(readers, "reader")} this needs at least ${fewestForName} answers from one reader, all right.`;
}

const powerText = ({ power }: ReaderDifferences, data: Data): string =>
  `If 5 % of readers were right in 95 % of stories, a study like this would detect it with probability ${printed(power, "number")}${power < requiredPower ? `, less than the ${requiredPower.toFixed(2)} required for the strongest verdict` : ""} (alpha ${Number(alphaLevelsOf(data).alpha.toPrecision(3))}).`;

const namedTable = (named: readonly TestedScore[]) => ({
  columns: [
    { key: "reader", label: "Reader", format: "text" as const },
    { key: "right", label: "Right", format: "integer" as const },
    { key: "judged", label: "of", format: "integer" as const },
    { key: "human", label: "Human stories", format: "percent" as const },
    { key: "machine", label: "Machine stories", format: "percent" as const },
    { key: "p", label: "p, Holm", format: "p" as const },
  ],
  rows: named.map(({ reader, right, judged, holm }, at) => ({
    // The ids of a study's participants are long random letters.
    reader: String(reader).length > 12 ? String(at + 1) : String(reader),
    right: right[0] + right[1],
    judged: judged[0] + judged[1],
    human: right[0] / judged[0],
    machine: right[1] / judged[1],
    p: holm,
  })),
});

const votesCaption = "Accuracy of majority votes, for numbers of readers that every story has";

const votesTable = (reached: readonly Vote[]) => ({
  columns: [
    { key: "readers", label: "Readers voting", format: "integer" as const },
    { key: "accuracy", label: "Balanced accuracy", format: "percent" as const },
  ],
  rows: reached.map((one) => ({ ...one })),
});

const method = ({ heterogeneity: { draws } }: ReaderDifferences): string =>
  `Differences between readers were tested by permuting the right and wrong answers to each story among its readers (${printed(draws, "integer")} times). The statistic is the variance of the readers’ balanced accuracies around the values expected from their stories, weighted by precision. Each reader was tested by a one-sided Fisher’s exact test with Holm’s correction. The share of readers who can tell is estimated by a two-component mixture, with a uniform prior on the share and on accuracies from 75 to 99 %. The strongest verdict requires equivalence overall and for each kind of story, no significant difference between readers, and a power of at least ${requiredPower.toFixed(2)} to detect 5 % of readers who are right in 95 % of stories, by simulation with the same readers and stories.`;
