import { standardDeviation } from "../../stats/quantile.ts";
import { type Finding, figure, sentence, table } from "../../study/finding.ts";
import { percent, printed, pValue } from "../../study/print.ts";
import { dialogueWords } from "../../text/dialogue.ts";
import { sadness } from "../../text/sadness.ts";
import type { Analysis } from "../analysis.ts";
import type { Data } from "../data.ts";
import {
  type LevelOutcome,
  outcomeCurve,
  selectedTable,
  sharesTable,
  standardisedCurves,
  trendsTable,
} from "../dose-figures.ts";
import {
  type Corrected,
  correctedAll,
  type Dose,
  type DoseOutcome,
  dosesOf,
  permutations,
} from "../doses.ts";

/**
 * "Is it possible to set the level of sadness?", an open question of the 2022 study, for everything that a prompt can control
 * in addition to the title. The requested value is compared with the first draws (by measures and codes) and with readers' ratings.
 * Draws that were chosen by the measure are shown but never tested.
 */
export const doseResponse: Analysis = {
  name: "dose-response",
  question: "Does the prompt control tone, dialogue, kind of love and setting?",
  needs: ["levels"],
  section: "what moved readers",
  beforeData: true,
  run(data, random) {
    const human = (data.study?.stimuli ?? [])
      .filter(({ origin }) => origin === "human")
      .map(({ text }) => text);
    const doses = correctedAll(dosesOf(data, random));
    if (doses.length === 0) {
      const why = "No prompt asked for two different levels or categories, so there is nothing to compare.";
      return { findings: [sentence("result", why)], numbers: {} };
    }
    return {
      findings: [
        ...doses.flatMap((dose) => findingsOf(dose, human, data.settings)),
        sentence("method", methodOf(data)),
      ],
      numbers: {
        ...Object.fromEntries(
          doses.map(({ name, outcomes }) => [
            name,
            Object.fromEntries(outcomes.map(({ key, found, corrected }) => [key, { ...found, corrected }])),
          ]),
        ),
        verdicts: Object.fromEntries(
          doses.map(({ name, outcomes }) => [name, verdictOn(outcomes, data.settings.alpha)]),
        ),
      },
    };
  },
};

function findingsOf(dose: Dose<Corrected>, texts: readonly string[], settings: Data["settings"]): Finding[] {
  const { name, outcomes, selected } = dose;
  const human = texts.map(dose.control === "dialogue" ? dialogueWords : sadness);
  const levels = outcomes.filter(
    (outcome): outcome is Corrected & LevelOutcome => outcome.data !== undefined,
  );
  const rated = levels.length > 1;
  return [
    sentence("result", `${name}: ${conclusion(dose, settings.alpha)}`),
    sentence("result", outcomesText(outcomes, human, settings)),
    ...(selected.length > 0 ? [sentence("result", selectedText(dose))] : []),
    ...(rated
      ? [
          figure(
            "result",
            `${name}: measures and ratings by the level asked for, each in its own standard deviations`,
            standardisedCurves(levels, settings.level),
          ),
        ]
      : []),
    ...levels.map((outcome) =>
      figure(
        rated ? "detail" : "result",
        `${name}: ${outcome.label}, by the level asked for`,
        outcomeCurve(outcome, human, settings.level),
      ),
    ),
    ...outcomes.flatMap(({ shares, label }) =>
      shares ? [table("result", `${name}: ${label}`, sharesTable(shares))] : [],
    ),
    table("detail", `${name}: the tests`, trendsTable(outcomes, settings.level)),
    ...(selected.length > 0
      ? [
          table(
            "detail",
            `${name}: texts chosen among several draws (not tested)`,
            selectedTable(selected, outcomes[0]!.label),
          ),
        ]
      : []),
  ];
}

/** The sign of a claimed effect: both the permutation test and the clustered interval must show it; else 0. */
function claimedSign({ found, corrected }: Corrected, alpha: number): 1 | -1 | 0 {
  const { low, high } = found.interval;
  if (corrected > alpha || (low <= 0 && high >= 0)) return 0;
  return found.estimate > 0 ? 1 : -1;
}

/** One sentence for each outcome, with its figures. */
function outcomesText(
  outcomes: readonly Corrected[],
  human: readonly number[],
  { alpha, level }: Data["settings"],
): string {
  const parts = outcomes.map((outcome) => {
    const { found, corrected, noun, rises, falls, shares } = outcome;
    const sign = claimedSign(outcome, alpha);
    const print = (value: number) => (shares ? percent(value) : printed(value, "number"));
    const interval = Number.isFinite(found.interval.low)
      ? `${Math.round(level * 100)} % interval ${print(found.interval.low)} to ${print(found.interval.high)}`
      : "no interval: too few readers or titles";
    const unit = shares ? "more than other texts" : "per level";
    const numbers = `${print(found.estimate)} ${unit}, ${interval}, ${pValue(corrected)}`;
    if (shares)
      return sign === 0
        ? `It is not shown ${noun} more often than other texts do (${numbers}).`
        : `${sign > 0 ? rises : falls} (${numbers}).`;
    return sign === 0
      ? `No effect of the level asked for on ${noun} is shown (${numbers}).`
      : `${sign > 0 ? rises : falls} with the level asked for (${numbers}).`;
  });
  return `${parts.join(" ")}${effectSizeText(outcomes, human)}`;
}

/** The effect from the lowest to the highest level, compared with the spread of human stories. */
function effectSizeText(outcomes: readonly Corrected[], human: readonly number[]): string {
  const words = outcomes.find(({ key }) => key === "words");
  if (!words?.data || human.length < 3) return "";
  const levels = Array.from(words.data.levels);
  const span = (Math.max(...levels) - Math.min(...levels)) * words.found.estimate;
  return ` From the lowest to the highest level the line rises by ${printed(span, "number")}; the standard deviation of human stories is ${printed(standardDeviation(human), "number")}.`;
}

/** The effect of choosing among draws, reported separately from the effect of the prompt. */
function selectedText({ selected, outcomes }: Dose<Corrected>): string {
  const texts = selected.reduce((sum, each) => sum + each.texts, 0);
  const draws = selected.reduce((sum, each) => sum + each.draws, 0);
  const means = selected.map(({ asked, mean }) => `${printed(mean, "number")} where ${asked} was asked`);
  return `${texts} texts were chosen among ${draws} draws by ${outcomes[0]!.noun}: ${means.join(", ")}. This shows the effect of choosing. Neither it nor the ratings of these texts are tested.`;
}

type Verdict = "can be set" | "cannot be shown" | "works against itself";

const readerOutcomes: readonly DoseOutcome["key"][] = ["named", "coders"];

/** One significant outcome in the expected direction is enough, unless another has the opposite direction. */
function verdictOn(outcomes: readonly Corrected[], alpha: number): Verdict {
  const signs = outcomes
    .filter(({ expectedSign }) => expectedSign !== undefined)
    .map((outcome) => claimedSign(outcome, alpha) * outcome.expectedSign!);
  if (signs.some((sign) => sign < 0)) return "works against itself";
  return signs.some((sign) => sign > 0) ? "can be set" : "cannot be shown";
}

function conclusion({ what, outcomes, control }: Dose<Corrected>, alpha: number): string {
  const verdict = verdictOn(outcomes, alpha);
  if (verdict === "works against itself")
    return `${what} changes in the wrong direction for at least one outcome; see the figures.`;
  if (verdict === "cannot be shown")
    return `control of ${what} is not shown. This is not evidence that control is impossible.`;
  if (control === "dialogue") return `${what} can be set.`;
  const shown = (outcome: Corrected) => claimedSign(outcome, alpha) !== 0;
  const byReaders = outcomes.filter(({ key }) => readerOutcomes.includes(key));
  const byWords = outcomes.filter(
    ({ key, expectedSign }) => expectedSign !== undefined && !readerOutcomes.includes(key),
  );
  const ratedToo = outcomes.some(({ key }) => key === "moved");
  if (!byWords.some(shown))
    return `${what} can be set as judged by readers or coders; an effect on the words is not shown.`;
  if (byReaders.some(shown)) return `${what} can be set, in the words and as judged by readers.`;
  if (byReaders.length > 0 || ratedToo)
    return `${what} can be set in the words; that readers notice is not shown.`;
  return `${what} can be set in the words; no reader was asked.`;
}

const methodOf = ({ settings: { alpha } }: Data): string =>
  `What was asked for is compared with the first draw of every title, before any text was chosen or drawn again. For levels, the estimate is the slope per level, within titles for words and within readers for ratings. For categories, it is how much more often texts have what was asked of them than what was asked of other texts. A permutation test shuffles what was asked among whole texts ${permutations} times. Intervals are from the jackknife over titles, and over readers and titles for ratings. An effect is claimed if the p-value (corrected by Holm over all outcomes) is at most ${alpha} and the interval excludes 0. Words are counted in the whole text; ratings are of the text as shown. Sadness is counted from a word list: words of loss and sorrow minus words of joy, per hundred words. It is meant for many texts, not for single ones.`;
