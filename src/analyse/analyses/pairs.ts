import { clusteredMean } from "../../stats/clustered.ts";
import { clusteredPairDetection } from "../../stats/clustered-detection.ts";
import { holm } from "../../stats/multiple-tests.ts";
import type { Random } from "../../stats/random.ts";
import { studentTwoSided } from "../../stats/student-t.ts";
import type { Verdict } from "../../stats/verdict-test.ts";
import { type Finding, figure, inSection, sentence, type Table, table } from "../../study/finding.ts";
import { groupedBy } from "../../study/groups.ts";
import {
  counted,
  declaredPercent,
  percent,
  percentApart,
  percentRange,
  printed,
  pValue,
} from "../../study/print.ts";
import { marginMarks } from "../accuracy-figure.ts";
import type { Analysis } from "../analysis.ts";
import type { Data, Pair } from "../data.ts";
import { alphaLevelsOf, whyWithheld } from "../interim-analysis.ts";
import { pairClusters, pairsAsJudgments, scoreOf, verdictOnPairs } from "../judged.ts";
import { differentText, equivalentText, isWideMargin, marginReasonText } from "../margin.ts";
import { missedReadersFindings } from "../missed-readers.ts";
import { modelNoun } from "../model-noun.ts";
import {
  differencesIn,
  onAverageText,
  type ReaderDifferences,
  readerSentences,
  readersAllow,
} from "../reader-differences.ts";
import { strengthFindings, strengthsOf } from "../strengths.ts";

/** Two or more stories side by side: how often the human one is found, which side readers prefer, and the Bradley–Terry strengths. */
export const pairs: Analysis = {
  name: "pairs",
  question: "Do readers find the human story in a pair?",
  needs: ["pairs"],
  section: "result",
  beforeData: true,
  run(data, random) {
    if (data.pairs.length === 0) {
      return {
        findings: [
          ...(data.questionKinds.has("choices")
            ? []
            : [sentence("verdict", "No verdict yet: nobody has compared two stories.")]),
          sentence("result", "Nobody has compared two stories yet."),
        ],
        numbers: { pairs: 0 },
      };
    }
    const analysed = pairsAnalyses(data, random);
    const numbers = analysed.map(({ options, test, sensitivity, sides, strengths, ties, readers }) => ({
      ...test,
      differences: readers ?? null,
      options,
      ties,
      sensitivity,
      sides,
      strengths,
    }));
    return {
      findings: analysed.flatMap((one) => findingsOf(one, analysed.length, data)),
      // Nearly every study shows the same number of options throughout; otherwise each number has an entry.
      numbers:
        numbers.length === 1
          ? numbers[0]!
          : Object.fromEntries(numbers.map((one) => [`of ${one.options}`, one])),
    };
  },
};

/** All answers with the same number of options, and their analysis. */
interface PairsAnalysis {
  readonly options: number;
  readonly own: readonly Pair[];
  /** p-values corrected by Holm over the numbers of options. */
  readonly test: Verdict;
  readonly ties: number;
  readonly sensitivity: ReturnType<typeof sensitivityOf>;
  readonly sides: Sides | undefined;
  readonly strengths: ReturnType<typeof strengthsOf> | undefined;
  /** Whether readers differ; for pairs only. */
  readonly readers: ReaderDifferences | undefined;
}

function pairsAnalyses(data: Data, random: Random): PairsAnalysis[] {
  const { level } = data.settings;
  const sizes = [...groupedBy(data.pairs, ({ options = 2 }) => options)].sort(
    ([one], [other]) => one - other,
  );
  const tests = sizes.map(([, own]) => verdictOnPairs(own, data));
  const equivalence = holm(tests.map(({ equivalenceP }) => equivalenceP));
  const difference = holm(tests.map(({ differenceP }) => differenceP));
  return sizes.map(([options, own], at) => ({
    options,
    own,
    test: { ...tests[at]!, equivalenceP: equivalence[at]!, differenceP: difference[at]! },
    ties: own.filter(({ chosenSide }) => chosenSide === "tie").length,
    sensitivity: options === 2 ? sensitivityOf(own, data) : undefined,
    sides: options === 2 ? sidesOf(own, data) : undefined,
    readers: options === 2 ? differencesIn(pairsAsJudgments(own, data), data, random) : undefined,
    strengths: options === 2 ? strengthsOf(own, level) : undefined,
  }));
}

function findingsOf(analysed: PairsAnalysis, sizes: number, data: Data): Finding[] {
  const { own, options, test, sides, strengths, sensitivity, readers } = analysed;
  // In a study with both, the headline comes from single judgments.
  const role = data.questionKinds.has("choices") ? "result" : "verdict";
  return [
    sentence(role, headline(analysed, data)),
    sentence(role, headlineFigures(analysed, sizes, data)),
    accuracyFigure(role, own, data),
    ...(role === "verdict"
      ? [
          ...plainFindings(analysed, data),
          sentence("result", decisionText(options, data)),
          sentence("result", marginReasonText(data, 1 / options)),
        ]
      : []),
    table(role === "verdict" ? "result" : "detail", tableCaption(options), verdictTable(analysed, data)),
    ...factsOf(test, own, role, data),
    ...inSection("limits", ...(claimed(test, data) ? missedReadersFindings(test.readers) : [])),
    ...(readers && whyWithheld(data) === undefined
      ? role === "verdict"
        ? inSection("who can tell", ...readerSentences(readers, data))
        : readerSentences(readers, data).map((one) => ({ ...one, role: "detail" as const }))
      : []),
    ...tiesFindings(analysed),
    ...(sides ? [sentence("detail", sidesText(sides))] : []),
    ...(sensitivity ? [sentence("detail", sensitivityText(sensitivity, data))] : []),
    ...(strengths ? strengthFindings(strengths) : []),
    sentence("method", method(analysed, sizes, data)),
  ];
}

/** How many readers, and the margin, where the pairs carry the verdict. */
const factsOf = (test: Verdict, own: readonly Pair[], role: "result" | "verdict", data: Data): Finding[] =>
  role === "result"
    ? []
    : [
        sentence("fact", `Readers: ${printed(test.readers, "integer")} (${counted(own.length, "choice")})`),
        sentence("fact", `Margin: ${marginText(own[0]!.options ?? 2, data)} counts as guessing`),
      ];

/** Whether a difference and equivalence are shown; neither where the verdict is withheld. */
function claimsOf({ degrees, differenceP, equivalenceP }: Verdict, data: Data) {
  const { alpha, equivalenceAlpha } = alphaLevelsOf(data);
  const open = degrees > 0 && whyWithheld(data) === undefined;
  return { different: open && differenceP <= alpha, equivalent: open && equivalenceP <= equivalenceAlpha };
}

const claimed = (test: Verdict, data: Data): boolean => {
  const { different, equivalent } = claimsOf(test, data);
  return different || equivalent;
};

const conclusionText = (test: Verdict, data: Data): string => {
  const { different, equivalent } = claimsOf(test, data);
  if (different) return equivalent ? "different, within the margin" : "different";
  return equivalent ? "equivalent" : "inconclusive";
};

const settingText = (options: number): string =>
  options === 2 ? "side by side" : `among ${options} stories`;

/** The shares that count as guessing: `40 % to 60 %`. */
const marginText = (options: number, { settings: { margin } }: Data): string =>
  `${declaredPercent(1 / options - margin)} to ${declaredPercent(1 / options + margin)}`;

const referencesOf = (options: number, { settings: { margin } }: Data): number[] =>
  [-margin, 0, margin].map((off) => 1 / options + off);

function headline({ test, options, readers }: PairsAnalysis, data: Data): string {
  const why = whyWithheld(data);
  if (why !== undefined) return `No verdict yet: ${why}.`;
  const { different, equivalent } = claimsOf(test, data);
  if (different) {
    const isMore = test.estimate! > 1 / options;
    const share = percentApart(test.estimate!, referencesOf(options, data));
    const what = `${settingText(options)}, they find the human story ${isMore ? "more" : "less"} often than by guessing (${share})`;
    return differentText({ isMore, isSmall: equivalent, what }, data);
  }
  if (!equivalent)
    return `Inconclusive: these data cannot say whether readers find the human story ${options === 2 ? "in a pair" : settingText(options)}.`;
  if (options > 2)
    return `Equivalent within the margin of ${marginText(options, data)}: ${settingText(options)}, readers find the human story in ${percent(test.estimate ?? 0)}, where guessing gives ${declaredPercent(1 / options)}.`;
  const share = "the share of pairs in which the human story is found";
  return isWideMargin(data) || readersAllow(readers)
    ? equivalentText({ share }, data)
    : onAverageText(readers, data);
}

function headlineFigures({ test, options }: PairsAnalysis, sizes: number, data: Data): string {
  const { alpha, equivalenceAlpha } = alphaLevelsOf(data);
  const level = (share: number) => `${Number((share * 100).toPrecision(4))} %`;
  const { estimate, correct, judgments } = test;
  const what = options === 2 ? counted(judgments, "pair") : `${counted(judgments, "choice")} of ${options}`;
  const summary = `${counted(test.readers, "reader")} found the human story in ${printed(correct, Number.isInteger(correct) ? "integer" : "number")} of ${what} (${percent(correct / judgments)})`;
  if (whyWithheld(data) !== undefined) return `So far ${summary}.`;
  if (estimate === undefined || test.degrees === 0) return `${summary}. No test is possible: ${test.reason}.`;
  const marks = referencesOf(options, data);
  const place = options === 2 ? "side" : "position";
  const open = conclusionText(test, data) === "inconclusive" ? ` Inconclusive, because ${test.reason}.` : "";
  return `${summary}; averaged over the ${place}s where it was shown, ${percent(estimate)} (clustered standard error ${percent(test.standardError)}). The ${level(1 - alpha)} interval is ${percentRange(test.interval, marks)}, the ${level(1 - 2 * equivalenceAlpha)} interval ${percentRange(test.equivalenceInterval, marks)}, the declared margin ${marginText(options, data)}. Equivalence, required at each ${place} too: ${pValue(test.equivalenceP)}; difference: ${pValue(test.differenceP)}${sizes > 1 ? " (corrected for the numbers of options)" : ""}.${open}`;
}

/** The verdict for readers from outside the field. */
function plainFindings({ test, options }: PairsAnalysis, data: Data): Finding[] {
  if (test.estimate === undefined || test.degrees === 0 || whyWithheld(data) !== undefined) return [];
  const { different, equivalent } = claimsOf(test, data);
  const guessing = declaredPercent(1 / options);
  const begin = `${data.simulated ? "Simulated readers" : "Readers"} found the human story in ${percent(test.estimate)} of their choices`;
  const found = different
    ? `${begin}. Guessing gives ${guessing}, so they ${test.estimate > 1 / options ? "can tell the human story more often than by luck" : "take machine stories for human ones"}.`
    : equivalent
      ? `${begin}. That is as good as guessing, within the margin that was set beforehand.`
      : `${begin}. The study is too small to say whether this is more than guessing, which gives ${guessing}.`;
  const sure = `How sure is this? For readers and stories like these, the true share is most likely between ${percent(test.interval.low)} and ${percent(test.interval.high)}.`;
  const change =
    different || equivalent
      ? `What could change it? Other readers or stories: these were ${counted(test.readers, "reader")} with ${counted(test.judgments, "choice")}.`
      : "What could change it? More readers and more stories would narrow this range, in either direction.";
  return [found, `${sure} ${change}`].map((text) => sentence("plain", text));
}

/** The primary test and the rule of decision. */
function decisionText(options: number, data: Data): string {
  const { alpha, equivalenceAlpha } = alphaLevelsOf(data);
  const place = options === 2 ? "side" : "position";
  const level = (value: number) => String(Number(value.toPrecision(3))).replace(/^0/, "");
  return `The primary test compares the share of choices that found the human story, averaged over its ${place}s, with the ${declaredPercent(1 / options)} of guessing. “Different” needs p ≤ ${level(alpha)} (two-sided). “Equivalent” needs the share within ${marginText(options, data)}, also at each ${place}, by two one-sided tests with p ≤ ${level(equivalenceAlpha)}. A difference counts first; otherwise the verdict is inconclusive. All other tests in this report are secondary.`;
}

/** `133 of 200`; ties count as halves. */
const countText = (found: number, all: number): string =>
  `${printed(found, Number.isInteger(found) ? "integer" : "number")} of ${printed(all, "integer")}`;

const tableCaption = (options: number): string =>
  options === 2
    ? "The verdict on pairs, and the share on each side"
    : `The verdict on choices of ${options}, and the share at each position`;

/** The mean that the verdict uses, with the share at each position of the human story. */
function verdictTable({ own, options, test }: PairsAnalysis, data: Data): Table {
  const places = [...groupedBy(own, ({ humanSide }) => humanSide)].sort(([one], [other]) =>
    one < other ? -1 : 1,
  );
  return {
    columns: [
      { key: "of", label: "Human story", format: "text" },
      { key: "found", label: "Found", format: "text" },
      { key: "share", label: "Share", format: "percent" },
      { key: "low", label: "Interval", format: "percent" },
      { key: "high", label: "to", format: "percent" },
      { key: "t", label: "t", format: "number" },
      { key: "degrees", label: "df", format: "number" },
      { key: "difference_p", label: "p, difference", format: "p" },
      { key: "equivalence_p", label: "p, equivalence", format: "p" },
      { key: "verdict", label: "Verdict", format: "text" },
    ],
    rows: [
      {
        of: options === 2 ? "both sides" : "all positions",
        verdict: conclusionText(test, data),
        found: countText(test.correct, test.judgments),
        share: test.estimate ?? null,
        low: test.degrees > 0 ? test.interval.low : null,
        high: test.degrees > 0 ? test.interval.high : null,
        t: test.degrees > 0 ? (test.estimate! - 1 / options) / test.standardError : null,
        degrees: test.degrees > 0 ? test.degrees : null,
        equivalence_p: test.degrees > 0 ? test.equivalenceP : null,
        difference_p: test.degrees > 0 ? test.differenceP : null,
      },
      ...places.map(([place, atPlace]) => {
        const found = atPlace.reduce((sum, pair) => sum + scoreOf(pair), 0);
        return {
          of: options === 2 ? place : `position ${place}`,
          verdict: "",
          found: countText(found, atPlace.length),
          share: found / atPlace.length,
          low: null,
          high: null,
          t: null,
          degrees: null,
          equivalence_p: null,
          difference_p: null,
        };
      }),
    ],
  };
}

function tiesFindings({ ties, own, options }: PairsAnalysis): Finding[] {
  if (ties === 0) return [];
  const share = options === 2 ? "one half" : `1/${options}`;
  return [
    sentence(
      "result",
      `${counted(ties, "answer")} of ${printed(own.length, "integer")} ${ties === 1 ? "is a tie" : "are ties"}: each counts as a guess (${share} of a correct answer).`,
    ),
  ];
}

function accuracyFigure(role: "result" | "verdict", all: readonly Pair[], data: Data): Finding {
  const { margin } = data.settings;
  const options = all[0]!.options ?? 2;
  const { alpha } = alphaLevelsOf(data);
  const models = options === 2 ? [...new Set(all.map(machineOf))].sort() : [];
  const of = (name: string, own: readonly Pair[]) => {
    const test = verdictOnPairs(own, data);
    const known = test.degrees > 0;
    return {
      of: name,
      share: test.estimate ?? null,
      low: known ? test.interval.low : null,
      high: known ? test.interval.high : null,
      counts: countText(test.correct, test.judgments),
    };
  };
  const rows = [
    of(options === 2 ? "All pairs" : `All choices of ${options}`, all),
    ...(models.length > 1
      ? models.map((model) =>
          of(
            model,
            all.filter((pair) => machineOf(pair) === model),
          ),
        )
      : []),
  ];
  return figure(
    role,
    `How often the human story was found, averaged over the ${options === 2 ? "sides" : "positions"} where it was shown, with ${Number(((1 - alpha) * 100).toPrecision(4))} % intervals clustered by reader and by human story${models.length > 1 ? `; intervals for single ${modelNoun(data)}s are not corrected for their number` : ""}`,
    {
      draw: "intervals",
      table: {
        columns: [
          { key: "of", label: "Shown with", format: "text" },
          { key: "share", label: "Found (mean over positions)", format: "percent" },
          { key: "low", label: "Interval", format: "percent" },
          { key: "high", label: "to", format: "percent" },
          { key: "counts", label: "Count", format: "text" },
        ],
        rows,
      },
      encode: { x: "share", low: "low", high: "high", y: "of", note: "counts" },
      labels: { x: "Share with the human story found" },
      ...(role === "verdict" && { rounded: true }),
      marks: marginMarks(margin, 1 / options),
    },
  );
}

const machineOf = ({ humanSide, left, right }: Pair): string => (humanSide === "left" ? right : left);

/**
 * d' of all choices except ties, with its clustered interval; undefined without choices, ends undefined with one reader
 * or one pair.
 */
function sensitivityOf(all: readonly Pair[], data: Data) {
  const chosen = all.filter(({ chosenSide }) => chosenSide !== "tie");
  const detected = clusteredPairDetection(
    {
      correct: chosen.map(scoreOf),
      readers: chosen.map(({ participant }) => participant),
      stories: pairClusters(chosen, data),
    },
    data.settings.level,
  );
  if (!detected) return undefined;
  const { low, high } = detected.interval;
  return {
    value: detected.value,
    low: Number.isFinite(low) ? low : undefined,
    high: Number.isFinite(high) ? high : undefined,
  };
}

const sensitivityText = (
  { value, low, high }: NonNullable<ReturnType<typeof sensitivityOf>>,
  { settings: { level } }: Data,
): string =>
  `d′ pooled over all pairs is ${printed(value, "number")}${low === undefined || high === undefined ? "" : ` (${Math.round(level * 100)} % interval ${printed(low, "number")} to ${printed(high, "number")})`}; 0 means no skill. The mean reader’s d′ is larger if readers differ in skill or prefer a side.`;

interface Sides {
  readonly chosenLeft: number;
  readonly humanLeft: number;
  readonly pairs: number;
  readonly share: number;
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly p: number | undefined;
}

/**
 * How often the left side was chosen, averaged over the sides of the human story and clustered by reader and by human
 * story; no interval with one reader or one story, or where all choices are the same.
 */
export function sidesOf(all: readonly Pair[], data: Data): Sides {
  const chosen = all.filter(({ chosenSide }) => chosenSide !== "tie");
  const left = chosen.map(({ chosenSide }) => Number(chosenSide === "left"));
  const chosenLeft = left.reduce((sum, one) => sum + one, 0);
  const humanLeft = all.filter(({ humanSide }) => humanSide === "left").length;
  const clusters = [chosen.map(({ participant }) => participant), pairClusters(chosen, data)];
  if (chosen.length === 0)
    return {
      chosenLeft,
      humanLeft,
      pairs: all.length,
      share: 0.5,
      low: undefined,
      high: undefined,
      p: undefined,
    };
  const { estimate, standardError, degrees, interval } = clusteredMean(left, clusters, data.settings.level);
  const known = degrees > 0 && standardError > 0 && humanLeft > 0 && humanLeft < all.length;
  return {
    chosenLeft,
    humanLeft,
    pairs: all.length,
    share: estimate,
    low: known ? Math.max(0, interval.low) : undefined,
    high: known ? Math.min(1, interval.high) : undefined,
    p: known ? studentTwoSided((estimate - 0.5) / standardError, degrees) : undefined,
  };
}

function sidesText({ chosenLeft, humanLeft, pairs: all, share, p }: Sides): string {
  const test =
    p === undefined ? "" : `; ${pValue(p)} against no preference, clustered by reader and by human story`;
  const balance =
    humanLeft === 0 || humanLeft === all
      ? ", the only side where it was shown"
      : humanLeft * 2 === all
        ? ""
        : ". A preference for one side changes the raw share of right answers, but not the mean over sides that the verdict uses";
  return `The left side was chosen in ${printed(chosenLeft, "integer")} of ${counted(all, "pair")} (${percent(share)}${test}); ${humanLeft === 0 ? "the human story was always on the right" : `the human story was on the left in ${printed(humanLeft, "integer")}`}${balance}.`;
}

function method({ options }: PairsAnalysis, sizes: number, data: Data): string {
  const { margin } = data.settings;
  const { alpha, equivalenceAlpha } = alphaLevelsOf(data);
  const place = options === 2 ? "side" : "position";
  return `The share of choices that found the human story, averaged over its ${place}s, was tested against ${declaredPercent(1 / options)}: for equivalence within ${margin}, of the mean and at each ${place} (an intersection-union test), by two one-sided tests (TOST) at alpha ${Number(equivalenceAlpha.toPrecision(3))}, and for a difference by a two-sided test at alpha ${Number(alpha.toPrecision(3))}. Standard errors are clustered by reader and by human story (its title, where known)${sizes > 1 ? "; p-values are corrected by Holm over the numbers of options" : ""}. A tie counts as a guess.${options === 2 ? " d′ for two alternatives is √2 z(share), pooled over all pairs, with the log-linear correction. Sources (people and models) were compared by the Bradley–Terry model (1952) with an effect of the left side." : ""}`;
}
