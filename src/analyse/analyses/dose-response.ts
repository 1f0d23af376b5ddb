import { standardDeviation } from "../../stats/quantile.ts";
import { type Finding, figure, sentence, table } from "../../study/finding.ts";
import { percent, printed, pValue } from "../../study/print.ts";
import { dialogueWords } from "../../text/dialogue.ts";
import { sadness } from "../../text/sad-and-glad.ts";
import type { Analysis } from "../analysis.ts";
import type { Data } from "../data.ts";
import {
  alone,
  type LevelOutcome,
  selectedTable,
  sharesTable,
  together,
  trendsTable,
} from "../dose-figures.ts";
import { type Corrected, correctedAll, type Dose, type DoseOutcome, deals, dosesOf } from "../doses.ts";

/**
 * "Is it possible to set the level of sadness?", the 2022 study's own open question, put to all that can be asked for
 * beyond the title: what was asked against what the first draws have of it, by measures and codes, and against what
 * readers felt where they rated such texts. Draws that were chosen by the measure are shown, and never tested.
 */
export const doseResponse: Analysis = {
  name: "dose-response",
  asks: "Can tone, dialogue, kind of love and setting be set?",
  needs: ["levels"],
  beforeData: true,
  run(data, random) {
    const human = (data.study?.stimuli ?? [])
      .filter(({ origin }) => origin === "human")
      .map(({ text }) => text);
    const doses = correctedAll(dosesOf(data, random));
    if (doses.length === 0) {
      const why = "Nothing was asked for in two ways, so that there is nothing to compare.";
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
    sentence("result", say(outcomes, human, settings)),
    ...(selected.length > 0 ? [sentence("result", chosen(dose))] : []),
    ...(rated
      ? [
          figure(
            "result",
            `${name}: what was measured and what readers felt, by the level asked for, each in its own standard deviations`,
            together(levels, settings.level),
          ),
        ]
      : []),
    ...levels.map((outcome) =>
      figure(
        rated ? "detail" : "result",
        `${name}: ${outcome.label}, by the level asked for`,
        alone(outcome, human, settings.level),
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
            `${name}: texts that were chosen among several draws, not tested`,
            selectedTable(selected, outcomes[0]!.label),
          ),
        ]
      : []),
  ];
}

/** Claimed only where the deals over texts and the interval over titles and readers both say so. */
function claim({ found, corrected }: Corrected, alpha: number): 1 | -1 | 0 {
  const { low, high } = found.interval;
  if (corrected > alpha || (low <= 0 && high >= 0)) return 0;
  return found.estimate > 0 ? 1 : -1;
}

/** What the data say of words and of readers, and no more. */
function say(
  outcomes: readonly Corrected[],
  human: readonly number[],
  { alpha, level }: Data["settings"],
): string {
  const parts = outcomes.map((outcome) => {
    const { found, corrected, noun, rises, falls, shares } = outcome;
    const sign = claim(outcome, alpha);
    const print = (value: number) => (shares ? percent(value) : printed(value, "number"));
    const interval = Number.isFinite(found.interval.low)
      ? `${Math.round(level * 100)} % interval ${print(found.interval.low)} to ${print(found.interval.high)}`
      : "no interval: too few readers or titles";
    const unit = shares ? "more than the others" : "a level";
    const numbers = `${print(found.estimate)} ${unit}, ${interval}, ${pValue(corrected)}`;
    if (shares)
      return sign === 0
        ? `It is not shown ${noun} more often than the others (${numbers}).`
        : `${sign > 0 ? rises : falls} (${numbers}).`;
    return sign === 0
      ? `That ${noun} goes with the level asked for is not shown (${numbers}).`
      : `${sign > 0 ? rises : falls} with the level asked for (${numbers}).`;
  });
  return `${parts.join(" ")}${sizeOf(outcomes, human)}`;
}

/** How far the levels span, compared with how far people's stories differ. */
function sizeOf(outcomes: readonly Corrected[], human: readonly number[]): string {
  const words = outcomes.find(({ key }) => key === "words");
  if (!words?.data || human.length < 3) return "";
  const levels = Array.from(words.data.levels);
  const span = (Math.max(...levels) - Math.min(...levels)) * words.found.estimate;
  return ` From the lowest level to the highest that is ${printed(span, "number")} by the line; the standard deviation of people’s stories is ${printed(standardDeviation(human), "number")}.`;
}

/** What choosing did, told apart from what the model did. */
function chosen({ selected, outcomes }: Dose<Corrected>): string {
  const texts = selected.reduce((sum, each) => sum + each.texts, 0);
  const draws = selected.reduce((sum, each) => sum + each.draws, 0);
  const means = selected.map(({ asked, mean }) => `${printed(mean, "number")} where ${asked} was asked`);
  return `${texts} texts were chosen among ${draws} draws by ${outcomes[0]!.noun}: ${means.join(", ")}. That is what choosing does. It is not tested, and ratings of these texts are not either.`;
}

type Verdict = "can be set" | "cannot be shown" | "works against itself";

const readersKeys: readonly DoseOutcome["key"][] = ["named", "coders"];

/** Texts decide; where readers or coders speak as well, they must not speak against it. */
function verdictOn(outcomes: readonly Corrected[], alpha: number): Verdict {
  const signs = outcomes
    .filter(({ wanted }) => wanted !== undefined)
    .map((outcome) => claim(outcome, alpha) * outcome.wanted!);
  if (signs.some((sign) => sign < 0)) return "works against itself";
  return signs.some((sign) => sign > 0) ? "can be set" : "cannot be shown";
}

function conclusion({ what, outcomes, control }: Dose<Corrected>, alpha: number): string {
  const verdict = verdictOn(outcomes, alpha);
  if (verdict === "works against itself")
    return `${what} works against itself in part; the figures show where.`;
  if (verdict === "cannot be shown")
    return `that ${what} can be set cannot be shown; that is no evidence that it cannot.`;
  if (control === "dialogue") return `${what} can be set.`;
  const shown = (outcome: Corrected) => claim(outcome, alpha) !== 0;
  const byReaders = outcomes.filter(({ key }) => readersKeys.includes(key));
  const byWords = outcomes.filter(({ key, wanted }) => wanted !== undefined && !readersKeys.includes(key));
  const ratedToo = outcomes.some(({ key }) => key === "moved");
  if (!byWords.some(shown))
    return `${what} can be set, as readers or coders see it, though that the words follow is not shown.`;
  if (byReaders.some(shown)) return `${what} can be set; words and readers follow it.`;
  if (byReaders.length > 0 || ratedToo)
    return `${what} can be set as far as words tell; that readers see it is not shown.`;
  return `${what} can be set as far as words tell; no reader was asked.`;
}

const methodOf = ({ settings: { alpha } }: Data): string =>
  `What was asked for is compared with the first draw of every title, before any text was chosen or drawn again. For levels: the slope over the level, within titles for words and within readers for ratings. For categories: how much more often texts have what was asked of them than what was asked of the others. The test deals what was asked anew among whole texts, ${deals} times; intervals are the jackknife’s over titles, and over readers and titles for ratings; a claim is made where the corrected p-value (Holm, over all of them) is at most ${alpha} and the interval leaves out 0. Words are those of the whole text, ratings of the text as it was shown. Sadness is counted by cues: words of loss and sorrow minus words of joy, per hundred words. It orders many texts and judges no single one.`;
