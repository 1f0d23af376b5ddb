import { fitLogistic, logisticProbability } from "../stats/logistic.ts";
import type { Random } from "../stats/random.ts";
import { groupedBy } from "../study/groups.ts";

/** Items with features and one of two labels. */
export interface LabelledItems {
  /** A row per item, a column per feature. */
  readonly features: readonly (readonly number[])[];
  readonly names: readonly string[];
  /** 1 for human. */
  readonly labels: readonly number[];
  /** The title of each item, if items of both labels share titles. */
  readonly titles?: readonly string[] | undefined;
}

/** Pairs of a human and a machine item: the difference, human minus machine, in each feature. */
export interface PairDifferences {
  readonly features: readonly (readonly number[])[];
  readonly names: readonly string[];
  /** What groups the pairs: a title, or a shared item. */
  readonly titles: readonly string[];
}

/** A classifier's cross-validated balanced accuracy. */
interface ClassifierAccuracy {
  readonly detector: string;
  readonly accuracy: number;
}

/** The same with the p-value against the best of all classifiers under permutation (Westfall and Young 1993). */
export interface TestedClassifier extends ClassifierAccuracy {
  readonly p: number;
}

/** All classifiers, the best of them, and its p-value. */
export interface Detection {
  readonly best: TestedClassifier;
  readonly detectors: readonly TestedClassifier[];
  readonly p: number;
  readonly permutations: number;
}

const folds = 5;

/** The name of the classifier that uses every feature. */
export const allFeatures = "all features together";

/**
 * Classifies items by each feature alone (a threshold) and by all features (a logistic regression with a ridge of 1 on
 * standardised features), with five-fold cross-validation that balances the labels and keeps the items of a title in one
 * fold. Since the best of many classifiers is partly luck, labels are permuted (within titles if both labels share them)
 * and the best of each permutation is compared. Undefined with fewer than ten items or fewer than three of a label.
 */
export function detect(data: LabelledItems, random: Random): Detection | undefined {
  const ones = data.labels.filter((label) => label === 1).length;
  if (data.labels.length < 10 || Math.min(ones, data.labels.length - ones) < 3) return undefined;
  const features = standardised(data.features);
  const columns = data.names.map((_, column) => sortedColumn(features, column));
  const designs = features.map((row) => [1, ...row]);
  const on = (labels: readonly number[], own: Random) => {
    const fold = Uint8Array.from(foldsOf(labels, data.titles, own));
    return detectorsOn(designs, columns, data.names, Uint8Array.from(labels), fold);
  };
  return withPValues(
    on(data.labels, random.fork("folds")),
    (own) => on(permutedLabels(data.labels, data.titles, own), own),
    data.labels.length * data.names.length ** 2,
    random,
  );
}

/**
 * Finds the human item of each pair by each difference alone (its sign) and by all differences, with five-fold
 * cross-validation that keeps the pairs of a title in one fold; a difference of 0 counts as a guess. For p-values, the
 * human and the machine side of all pairs of a title are swapped together at random. Undefined with fewer than ten pairs or
 * fewer than five titles.
 */
export function detectInPairs(data: PairDifferences, random: Random): Detection | undefined {
  const titles = [...new Set(data.titles)];
  if (data.titles.length < 10 || titles.length < folds) return undefined;
  const features = scaledByRms(data.features);
  const on = (signs: ReadonlyMap<string, number>, own: Random) => {
    const flipped = features.map((row, at) => row.map((value) => value * signs.get(data.titles[at]!)!));
    const order = new Map(own.shuffle(titles).map((title, place) => [title, place % folds]));
    const fold = data.titles.map((title) => order.get(title)!);
    return pairDetectorsOn(flipped, data.names, fold);
  };
  const signs = (draw: () => number) => new Map(titles.map((title) => [title, draw()]));
  return withPValues(
    on(
      signs(() => 1),
      random.fork("folds"),
    ),
    (own) =>
      on(
        signs(() => (own.next() < 0.5 ? 1 : -1)),
        own,
      ),
    data.titles.length * data.names.length ** 2,
    random,
  );
}

/** The classifiers with their p-values. */
function withPValues(
  detectors: readonly ClassifierAccuracy[],
  chance: (own: Random) => readonly ClassifierAccuracy[],
  size: number,
  random: Random,
): Detection {
  const permutations = Math.max(40, Math.min(200, Math.floor(5e8 / (size * folds * 8))));
  const byChance = Array.from(
    { length: permutations },
    (_, draw) => bestOf(chance(random.fork("permutation", draw))).accuracy,
  );
  const compared = detectors.map((one) => {
    const extreme = byChance.filter((accuracy) => accuracy >= one.accuracy - 1e-12).length;
    return { ...one, p: (1 + extreme) / (1 + permutations) };
  });
  const best = bestOf(compared);
  return { best, detectors: compared, p: best.p, permutations };
}

/** Permutes labels within each title that has both, and among all other items. */
function permutedLabels(
  labels: readonly number[],
  titles: readonly string[] | undefined,
  random: Random,
): readonly number[] {
  if (titles === undefined) return random.shuffle(labels);
  const result = [...labels];
  for (const rows of blocksOf(labels, titles)) {
    const shuffled = random.shuffle(rows.map((at) => labels[at]!));
    for (const [place, at] of rows.entries()) result[at] = shuffled[place]!;
  }
  return result;
}

function blocksOf(labels: readonly number[], titles: readonly string[]): number[][] {
  const groups = [...groupedBy(labels.keys(), (at) => titles[at]!).values()];
  const both = (rows: readonly number[]) => rows.some((at) => labels[at] !== labels[rows[0]!]);
  return [...groups.filter(both), groups.filter((rows) => !both(rows)).flat()];
}

const bestOf = <One extends ClassifierAccuracy>(detectors: readonly One[]): One =>
  detectors.reduce((best, one) => (one.accuracy > best.accuracy ? one : best));

/** A feature's values, and the items in their order: sorted once for all folds and permutations. */
interface SortedColumn {
  readonly values: Float64Array;
  readonly order: Int32Array;
}

function sortedColumn(features: readonly (readonly number[])[], column: number): SortedColumn {
  const values = Float64Array.from(features, (row) => row[column]!);
  const order = Int32Array.from(features.keys()).sort((one, other) => values[one]! - values[other]!);
  return { values, order };
}

function detectorsOn(
  designs: readonly (readonly number[])[],
  columns: readonly SortedColumn[],
  names: readonly string[],
  labels: Uint8Array,
  fold: Uint8Array,
): ClassifierAccuracy[] {
  const said = new Uint8Array(labels.length);
  const single = names.map((detector, column) => {
    for (let left = 0; left < folds; left++) judgeByThreshold(columns[column]!, labels, fold, left, said);
    return { detector, accuracy: balancedAccuracy(said, labels) };
  });
  for (let left = 0; left < folds; left++) judgeByAll(designs, labels, fold, left, said);
  return [...single, { detector: allFeatures, accuracy: balancedAccuracy(said, labels) }];
}

/** Classifies the items of one fold by the best threshold on the others. */
function judgeByThreshold(
  column: SortedColumn,
  labels: Uint8Array,
  fold: Uint8Array,
  left: number,
  said: Uint8Array,
): void {
  const { values } = column;
  const cut = bestThreshold(column, labels, fold, left);
  for (let at = 0; at < labels.length; at++)
    if (fold[at] === left) said[at] = Number(values[at]! > cut.at === cut.above);
}

/** Classifies the items of one fold by a logistic regression on all features of the others. */
function judgeByAll(
  designs: readonly (readonly number[])[],
  labels: Uint8Array,
  fold: Uint8Array,
  left: number,
  said: Uint8Array,
): void {
  const training = designs.filter((_, at) => fold[at] !== left);
  const fit = fitLogistic(
    training,
    labels.filter((_, at) => fold[at] !== left),
    { ridge: 1 },
  );
  for (let at = 0; at < labels.length; at++) {
    if (fold[at] !== left) continue;
    said[at] = fit.fitted ? Number(logisticProbability(fit.coefficients, designs[at]!) > 0.5) : 0;
  }
}

function pairDetectorsOn(
  differences: readonly (readonly number[])[],
  names: readonly string[],
  fold: readonly number[],
): ClassifierAccuracy[] {
  const rows = [...differences.keys()];
  const accuracyOf = (judge: (training: readonly number[]) => (at: number) => number) => {
    let right = 0;
    for (let left = 0; left < folds; left++) {
      const says = judge(rows.filter((at) => fold[at] !== left));
      for (const at of rows) if (fold[at] === left) right += (1 + Math.sign(says(at))) / 2;
    }
    return right / rows.length;
  };
  const single = names.map((detector, column) => ({
    detector,
    accuracy: accuracyOf((training) => {
      const direction = training.reduce((sum, at) => sum + Math.sign(differences[at]![column]!), 0);
      return (at) => direction * differences[at]![column]!;
    }),
  }));
  // Each pair enters from both sides, so no intercept is needed.
  const combined = accuracyOf((training) => {
    const design = training.flatMap((at) => [differences[at]!, differences[at]!.map((value) => -value)]);
    const fit = fitLogistic(
      design,
      design.map((_, at) => 1 - (at % 2)),
      { ridge: 1, unpenalised: [] },
    );
    if (!fit.fitted) return () => 0;
    return (at) =>
      differences[at]!.reduce((sum, value, column) => sum + value * fit.coefficients[column]!, 0);
  });
  return [...single, { detector: allFeatures, accuracy: combined }];
}

/** Folds with balanced labels; the items of a title stay in one fold if both labels share titles. */
function foldsOf(labels: readonly number[], titles: readonly string[] | undefined, random: Random): number[] {
  const fold = new Array<number>(labels.length).fill(0);
  if (titles !== undefined) {
    const groups = [...groupedBy(labels.keys(), (at) => titles[at]!).values()];
    const byLabels = groupedBy(groups, (rows) =>
      rows
        .map((at) => labels[at])
        .sort()
        .join(""),
    );
    let place = 0;
    for (const own of byLabels.values()) {
      for (const rows of random.shuffle(own)) {
        for (const at of rows) fold[at] = place % folds;
        place++;
      }
    }
    return fold;
  }
  for (const label of [0, 1]) {
    const own = random.shuffle([...labels.keys()].filter((at) => labels[at] === label));
    own.forEach((at, place) => {
      fold[at] = place % folds;
    });
  }
  return fold;
}

function balancedAccuracy(said: Uint8Array, labels: Uint8Array): number {
  const right = [0, 0];
  const all = [0, 0];
  for (let at = 0; at < labels.length; at++) {
    all[labels[at]!]!++;
    if (said[at] === labels[at]) right[labels[at]!]!++;
  }
  return (right[0]! / all[0]! + right[1]! / all[1]!) / 2;
}

/** The threshold and direction with the best balanced accuracy among the items outside a fold. */
function bestThreshold(
  { values, order }: SortedColumn,
  labels: Uint8Array,
  fold: Uint8Array,
  left: number,
): { at: number; above: boolean } {
  let [machines, humans] = [0, 0];
  for (let at = 0; at < labels.length; at++) {
    if (fold[at] === left) continue;
    if (labels[at] === 1) humans++;
    else machines++;
  }
  let [machinesBelow, humansBelow] = [0, 0];
  let last = Number.NaN;
  let best = { at: -Infinity, above: true, distance: -1 };
  for (const at of order) {
    if (fold[at] === left) continue;
    const value = values[at]!;
    if (last < value) {
      // Balanced accuracy grows with the difference of the two shares below the threshold.
      const direction = machinesBelow / machines - humansBelow / humans;
      const distance = Math.abs(direction);
      if (distance > best.distance) best = { at: (last + value) / 2, above: direction > 0, distance };
    }
    last = value;
    if (labels[at] === 1) humansBelow++;
    else machinesBelow++;
  }
  return best;
}

/** Each column divided by its root mean square, so that 0 stays 0. */
function scaledByRms(rows: readonly (readonly number[])[]): number[][] {
  const roots = (rows[0] ?? []).map(
    (_, column) => Math.sqrt(rows.reduce((sum, row) => sum + row[column]! ** 2, 0) / rows.length) || 1,
  );
  return rows.map((row) => row.map((value, column) => value / roots[column]!));
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
