import { standardDeviation } from "../../stats/quantile.ts";
import { type Finding, figure, sentence, table } from "../../study/finding.ts";
import { printed, pValue } from "../../study/print.ts";
import { sadness } from "../../text/sad-and-glad.ts";
import type { Analysis } from "../analysis.ts";
import type { Data } from "../data.ts";
import { alone, together, trendsTable } from "../dose-figures.ts";
import { type Corrected, correctedAll, type Dose, deals, dosesOf, type Outcome } from "../doses.ts";

/**
 * "Is it possible to set the level of sadness?", the 2022 study's own open question: the level of a tone that was asked
 * for against the sadness of the words, and against what readers felt where they rated such texts.
 */
export const doseResponse: Analysis = {
  name: "dose-response",
  asks: "Can the level of a tone be set?",
  needs: ["levels"],
  beforeData: true,
  run(data, random) {
    const human = (data.study?.stimuli ?? [])
      .filter(({ origin }) => origin === "human")
      .map(({ text }) => sadness(text));
    const doses = correctedAll(dosesOf(data, random));
    if (doses.length === 0) {
      const why = "No two levels of a tone were asked for, so that there is nothing to compare.";
      return { findings: [sentence("result", why)], numbers: {} };
    }
    return {
      findings: [
        ...doses.flatMap((dose) => findingsOf(dose, human, data.settings)),
        sentence("method", methodOf(data)),
      ],
      numbers: Object.fromEntries(
        doses.map(({ name, outcomes }) => [
          name,
          Object.fromEntries(outcomes.map(({ key, found, corrected }) => [key, { ...found, corrected }])),
        ]),
      ),
    };
  },
};

function findingsOf(dose: Dose<Corrected>, human: readonly number[], settings: Data["settings"]): Finding[] {
  const { name, outcomes } = dose;
  const rated = outcomes.some(({ key }) => key !== "words");
  return [
    sentence("result", `${name}: ${conclusion(dose.tone, outcomes, settings.alpha)}`),
    sentence("result", say(outcomes, human, settings)),
    ...(rated
      ? [
          figure(
            "result",
            `${name}: what was measured and what readers felt, by the level asked for, each in its own standard deviations`,
            together(outcomes, settings.level),
          ),
        ]
      : []),
    ...outcomes.map((outcome) =>
      figure(
        rated ? "detail" : "result",
        `${name}: ${outcome.label}, by the level asked for`,
        alone(outcome, human, settings.level),
      ),
    ),
    table("detail", `${name}: the trends, a level`, trendsTable(outcomes, settings.level)),
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
    const { found, corrected, noun, rises, falls } = outcome;
    const sign = claim(outcome, alpha);
    const interval = Number.isFinite(found.interval.low)
      ? `${Math.round(level * 100)} % interval ${printed(found.interval.low, "number")} to ${printed(found.interval.high, "number")}`
      : "no interval: too few readers or titles";
    const numbers = `${printed(found.estimate, "number")} a level, ${interval}, ${pValue(corrected)}`;
    return sign === 0
      ? `That ${noun} goes with the level asked for is not shown (${numbers}).`
      : `${sign > 0 ? rises : falls} with the level asked for (${numbers}).`;
  });
  return `${parts.join(" ")}${sizeOf(outcomes, human)}`;
}

/** How far the levels span, beside how far people's stories differ. */
function sizeOf(outcomes: readonly Corrected[], human: readonly number[]): string {
  const words = outcomes.find(({ key }) => key === "words");
  if (!words || human.length < 3) return "";
  const levels = Array.from(words.data.levels);
  const span = (Math.max(...levels) - Math.min(...levels)) * words.found.estimate;
  return ` From the lowest level to the highest that is ${printed(span, "number")} by the line; the standard deviation of people’s stories is ${printed(standardDeviation(human), "number")}.`;
}

function conclusion(tone: string, outcomes: readonly Corrected[], alpha: number): string {
  const verdict = (key: Outcome["key"]) => {
    const outcome = outcomes.find((each) => each.key === key);
    if (!outcome) return undefined;
    const sign = claim(outcome, alpha);
    return sign === 0
      ? "not shown"
      : outcome.wanted === undefined || sign === outcome.wanted
        ? "as asked"
        : "against";
  };
  const [words, named, moved] = [verdict("words"), verdict("named"), verdict("moved")];
  const readers = named ?? moved;
  if (words === "against" || named === "against")
    return `asking for more ${tone} works against itself in part; the figures show where.`;
  if (words === "as asked" && readers === undefined)
    return `the level can be set as far as words tell; whether it is felt, no reader was asked.`;
  if (words === "as asked" && named === "as asked")
    return `the level can be set; words and readers follow it.`;
  if (words === "as asked")
    return `the level can be set as far as words tell; that readers feel it is not shown.`;
  if (named === "as asked") return `readers follow the level, though that the words do is not shown.`;
  return `whether the level can be set is open; that is no evidence that it cannot.`;
}

const methodOf = ({ settings: { alpha } }: Data): string =>
  `The level of a tone: the slope over the level asked for, within titles for words and within readers for ratings. The test deals the levels anew among whole texts, ${deals} times; intervals are the jackknife’s over titles, and over readers and titles for ratings; a trend is claimed where the corrected p-value (Holm, over all trends) is at most ${alpha} and the interval leaves out 0. Words are those of the whole text, ratings of the text as it was shown. Sadness is counted by cues: words of loss and sorrow minus words of joy, per hundred words. It orders many texts and judges no single one.`;
