import type { AnalyseSettings } from "../study/settings/analyse.ts";
import type { Choice } from "./data.ts";
import { effectsOf } from "./fixed-effects.ts";
import { type FittedMixed, fitMixed } from "./mixed.ts";

/** A figure of the mean reader, with the interval of the mixed model; unbounded with too few readers, stories or titles. */
interface MeanFigure {
  readonly value: number;
  readonly standardError: number;
  readonly low: number | undefined;
  readonly high: number | undefined;
  /** The standard deviation between readers. */
  readonly spread: number;
}

/** Skill and bias of the mean reader, by the mixed probit model. */
export interface MeanReader {
  readonly fitted: true;
  /** d', and its standard deviation between readers. */
  readonly sensitivity: MeanFigure;
  /** c; below 0 towards "human". */
  readonly criterion: MeanFigure;
  readonly mixed: FittedMixed;
}

/** How much of a variance is between stories and titles; a title's slope of origin moves each kind of story by half of it. */
const shares: Readonly<Record<string, number>> = { story: 1, title: 1, "origin by title": 1 / 4 };

/** From coefficients of the mixed probit model to those of a reader's rates over all stories. */
export function meanReaderScale(deviations: Readonly<Record<string, number>>): number {
  const variance = Object.entries(deviations).reduce(
    (sum, [name, deviation]) => sum + (shares[name] ?? 0) * deviation ** 2,
    0,
  );
  return 1 / Math.sqrt(1 + variance);
}

/**
 * d' and c of the mean reader: a probit mixed model of saying "human", -c + d' (+1/2 for human, -1/2 for machine stories),
 * with random bias and skill of readers and random stories (and shared titles), as in `fitMixed`. A reader's rates are over all
 * stories, so both are divided by sqrt(1 + the variance between stories and titles); errors by the delta method. Pooled d'
 * is smaller if readers differ in bias. A reason if the model has no fit (Rouder and Lu 2005 for the model; DeCarlo 1998
 * for the probit).
 */
export function meanReader(
  choices: readonly Choice[],
  settings: Pick<AnalyseSettings, "level" | "models">,
): MeanReader | { readonly fitted: false; readonly reason: string } {
  const effects = effectsOf(["origin"], { choices, measures: new Map() });
  if (effects.length === 0) return { fitted: false, reason: "only one kind of story was judged" };
  const mixed = fitMixed(choices, effects, settings, "probit");
  if (!mixed.fitted) return mixed;
  const { fit, coefficients } = mixed;
  if (Math.abs(fit.coefficients[1]!) > 6)
    return { fitted: false, reason: "nearly all answers are right, or nearly all are wrong" };
  const names = Object.keys(fit.deviations);
  const scale = meanReaderScale(fit.deviations);
  const figure = (at: number, sign: number): MeanFigure => {
    const { estimate, standardError, high } = coefficients[at]!;
    const size = names.length + fit.coefficients.length;
    const derivatives = [
      ...names.map((name) => -estimate * scale ** 3 * (shares[name] ?? 0) * fit.deviations[name]!),
      ...fit.coefficients.map((_, column) => (column === at ? scale : 0)),
    ];
    const squares = derivatives.map((one, row) =>
      derivatives.reduce((sum, other, column) => sum + one * other * fit.joint[row * size + column]!, 0),
    );
    const error = Math.sqrt(squares.reduce((sum, one) => sum + one, 0));
    // The model widens its errors for few units and uses Student's t.
    const half = high === undefined ? undefined : ((high - estimate) / standardError) * error;
    const value = sign * scale * estimate;
    return {
      value,
      standardError: error,
      low: half === undefined ? undefined : value - half,
      high: half === undefined ? undefined : value + half,
      spread: scale * (fit.deviations[at === 0 ? "reader" : "origin by reader"] ?? 0),
    };
  };
  return { fitted: true, sensitivity: figure(1, 1), criterion: figure(0, -1), mixed };
}
