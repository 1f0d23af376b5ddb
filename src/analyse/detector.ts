import { fitLogistic, logisticProbability } from "../stats/logistic.ts";
import type { Random } from "../stats/random.ts";

/** Things with features and one of two labels. */
export interface Labelled {
  /** A row for each thing, a column for each feature. */
  readonly features: readonly (readonly number[])[];
  readonly names: readonly string[];
  /** 1 for human. */
  readonly labels: readonly number[];
}

/** How well a detector sorts things that it has not seen: balanced accuracy over the folds of a cross-validation. */
interface Sorted {
  readonly detector: string;
  readonly accuracy: number;
}

/** The same with how often chance would let the best of all detectors reach as much (Westfall and Young 1993). */
export interface Detected extends Sorted {
  readonly p: number;
}

/** What the cheapest detectors reach, the best of them, and how often chance would let the best reach as much. */
export interface Detection {
  readonly best: Detected;
  readonly detectors: readonly Detected[];
  readonly p: number;
  readonly permutations: number;
}

const folds = 5;

/** The name of the detector that sees every feature. */
export const allTogether = "all of these together";

/**
 * Sorts things by each feature alone (a threshold) and by all at once (a logistic regression with a ridge of 1 on
 * standardised features), by five-fold cross-validation that keeps the labels balanced. The best of many detectors
 * is good by luck too, so labels are permuted and the best of each permutation compared. Undefined with fewer than ten
 * things or fewer than three of a label.
 */
export function detect(data: Labelled, random: Random): Detection | undefined {
  const ones = data.labels.filter((label) => label === 1).length;
  if (data.labels.length < 10 || Math.min(ones, data.labels.length - ones) < 3) return undefined;
  const features = standardised(data.features);
  const detectors = detectorsOn(features, data.names, data.labels, random.fork("folds"));
  const work = data.labels.length * data.names.length ** 2 * folds * 8;
  const permutations = Math.max(40, Math.min(200, Math.floor(5e8 / work)));
  const byChance = Array.from({ length: permutations }, (_, draw) => {
    const own = random.fork("permutation", draw);
    return bestOf(detectorsOn(features, data.names, own.shuffle(data.labels), own)).accuracy;
  });
  const tested = detectors.map((one) => {
    const far = byChance.filter((accuracy) => accuracy >= one.accuracy - 1e-12).length;
    return { ...one, p: (1 + far) / (1 + permutations) };
  });
  const best = bestOf(tested);
  return { best, detectors: tested, p: best.p, permutations };
}

const bestOf = <One extends Sorted>(detectors: readonly One[]): One =>
  detectors.reduce((best, one) => (one.accuracy > best.accuracy ? one : best));

function detectorsOn(
  features: readonly (readonly number[])[],
  names: readonly string[],
  labels: readonly number[],
  random: Random,
): Sorted[] {
  const fold = foldsOf(labels, random);
  const alone = names.map((detector, column) => ({
    detector,
    accuracy: crossValidated(labels, fold, (training, tested) => {
      const values = features.map((row) => row[column]!);
      const cut = bestCut(values, labels, training);
      return tested.map((at) => Number(values[at]! > cut.at === cut.above));
    }),
  }));
  const together = crossValidated(labels, fold, (training, tested) => {
    const design = training.map((at) => [1, ...features[at]!]);
    const fit = fitLogistic(
      design,
      training.map((at) => labels[at]!),
      { ridge: 1 },
    );
    if (!fit.fitted) return tested.map(() => 0);
    return tested.map((at) => Number(logisticProbability(fit.coefficients, [1, ...features[at]!]) > 0.5));
  });
  return [...alone, { detector: allTogether, accuracy: together }];
}

/** Folds in which both labels have their share. */
function foldsOf(labels: readonly number[], random: Random): number[] {
  const fold = new Array<number>(labels.length).fill(0);
  for (const label of [0, 1]) {
    const own = random.shuffle([...labels.keys()].filter((at) => labels[at] === label));
    own.forEach((at, place) => {
      fold[at] = place % folds;
    });
  }
  return fold;
}

function crossValidated(
  labels: readonly number[],
  fold: readonly number[],
  judge: (training: readonly number[], tested: readonly number[]) => readonly number[],
): number {
  const right = [0, 0];
  const all = [0, 0];
  for (let left = 0; left < folds; left++) {
    const tested = [...labels.keys()].filter((at) => fold[at] === left);
    const training = [...labels.keys()].filter((at) => fold[at] !== left);
    const said = judge(training, tested);
    tested.forEach((at, place) => {
      all[labels[at]!]! += 1;
      right[labels[at]!]! += Number(said[place] === labels[at]);
    });
  }
  return (right[0]! / all[0]! + right[1]! / all[1]!) / 2;
}

/** The threshold, and the side of it that is called human, with the best balanced accuracy in training. */
function bestCut(
  values: readonly number[],
  labels: readonly number[],
  training: readonly number[],
): { at: number; above: boolean } {
  const sorted = [...training].sort((one, other) => values[one]! - values[other]!);
  const all = [0, 0];
  for (const at of training) all[labels[at]!]! += 1;
  const below = [0, 0];
  let best = { at: -Infinity, above: true, distance: -1 };
  for (let place = 0; place < sorted.length - 1; place++) {
    const at = sorted[place]!;
    below[labels[at]!]! += 1;
    if (values[at] === values[sorted[place + 1]!]) continue;
    // Human above the cut is right as often as the human share above exceeds the machine share above.
    const lead = below[0]! / all[0]! - below[1]! / all[1]!;
    if (Math.abs(lead) > best.distance) {
      best = {
        at: (values[at]! + values[sorted[place + 1]!]!) / 2,
        above: lead > 0,
        distance: Math.abs(lead),
      };
    }
  }
  return best;
}

function standardised(rows: readonly (readonly number[])[]): number[][] {
  const width = rows[0]?.length ?? 0;
  const moments = Array.from({ length: width }, (_, column) => {
    const values = rows.map((row) => row[column]!);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return { mean, deviation: Math.sqrt(square) || 1 };
  });
  return rows.map((row) =>
    row.map((value, column) => (value - moments[column]!.mean) / moments[column]!.deviation),
  );
}
