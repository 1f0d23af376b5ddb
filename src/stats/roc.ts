import { choleskyInPlace, choleskyInverse, choleskySolve } from "./cholesky.ts";
import { clusteredContrast, studentInterval } from "./clustered.ts";
import { withinUnit } from "./clustered-share.ts";
import { checkJudgments, equalReaderWeights, type Judgments } from "./judgments.ts";
import { indexLabels, type Label } from "./labels.ts";
import { normalCdf, normalDensity, normalQuantile } from "./normal.ts";
import type { Estimate } from "./signal-detection.ts";

/** Single judgments with how human each story seemed: any number, higher for more human. */
export interface RatedJudgments extends Omit<Judgments, "correct"> {
  readonly ratings: ArrayLike<number>;
}

/** The area under the ROC curve with its clustered error; one half without skill, 1 if ratings separate the origins. */
export interface Area extends Estimate {
  /** 0 if there is no error: one reader, or one story of a kind. */
  readonly degrees: number;
  readonly readers: number;
  readonly judgments: number;
}

/**
 * The area under the ROC curve: how often a human story is rated above a machine story, ties counting one half.
 * `pooled` compares all ratings. Otherwise each reader's ratings are compared with each other only, and the mean reader's area is given: it does
 * not depend on how readers use the scale. Readers who rated only one kind are left out of it.
 *
 * The error is that of the verdict (`clusteredContrast`: by reader, by story within its origin, by named clusters), of the
 * placements of the ratings of either kind among the other kind (DeLong, DeLong and Clarke-Pearson 1988; Obuchowski 1997
 * for clusters); with one rating per reader and story it is DeLong's. It is never below that of independent ratings
 * with one placement added at each end. Undefined if a kind was not rated. Throws as `checkJudgments`.
 */
export function clusteredArea(
  judgments: RatedJudgments,
  { pooled = false, level = 0.95 } = {},
): Area | undefined {
  const kept = pooled ? judgments : withBothKinds(judgments);
  const { ratings, readers, stories, origins, clusters = [] } = kept;
  checkJudgments({ ...kept, correct: Array.from(ratings, () => true) });
  const kinds = new Set(Array.from(origins));
  if (kinds.size < 2) return undefined;
  const placements = placementsOf(ratings, origins, pooled ? new Uint8Array(ratings.length) : readers);
  const observationWeights = pooled ? undefined : equalReaderWeights(readers, origins);
  const contrast = clusteredContrast(placements, {
    clusters: [readers, stories, ...clusters.map(({ labels }) => labels)],
    groups: origins,
    weights: new Map<Label, number>([
      ["human", 1],
      ["machine", 1],
    ]),
    observationWeights,
  });
  // Both groups of placements have the area as their mean.
  const value = contrast.estimate / 2;
  const standardError = Math.max(
    contrast.standardError,
    independentError(placements, origins, observationWeights),
  );
  return {
    value,
    standardError,
    degrees: contrast.degrees,
    interval: withinUnit(studentInterval(value, standardError, contrast.degrees, level)),
    readers: new Set(Array.from(readers)).size,
    judgments: ratings.length,
  };
}

/** The judgments of readers who rated both kinds of story. */
function withBothKinds(judgments: RatedJudgments): RatedJudgments {
  const { readers, stories, origins, ratings, clusters = [] } = judgments;
  const kinds = new Map<Label, number>();
  for (let at = 0; at < ratings.length; at++)
    kinds.set(readers[at]!, (kinds.get(readers[at]!) ?? 0) | (origins[at] === "human" ? 1 : 2));
  const rows = Array.from({ length: ratings.length }, (_, at) => at).filter(
    (at) => kinds.get(readers[at]!) === 3,
  );
  const at = <T>(column: ArrayLike<T>): T[] => rows.map((row) => column[row]!);
  return {
    readers: at(readers),
    stories: at(stories),
    origins: at(origins),
    ratings: at(ratings),
    clusters: clusters.map(({ name, labels }) => ({ name, labels: at(labels) })),
  };
}

/** The share of ratings of the other kind, within the unit, that a rating is on the right side of; ties count one half. */
function placementsOf(
  ratings: ArrayLike<number>,
  origins: RatedJudgments["origins"],
  units: ArrayLike<Label>,
): Float64Array {
  const { steps, index: step } = stepsOf(ratings);
  const { index: unit, names } = indexLabels(units);
  const rows: number[][] = names.map(() => []);
  for (let at = 0; at < step.length; at++) rows[unit[at]!]!.push(at);
  const placements = new Float64Array(step.length);
  const below = [0, 1].map(() => new Float64Array(steps.length + 1));
  for (const own of rows) {
    for (const counts of below) counts.fill(0);
    for (const at of own) below[Number(origins[at] === "human")]![step[at]! + 1]!++;
    for (const counts of below)
      for (let one = 1; one < counts.length; one++) counts[one]! += counts[one - 1]!;
    for (const at of own) {
      const human = origins[at] === "human";
      const others = below[Number(!human)]!;
      const [least, upTo] = [others[step[at]!]!, others[step[at]! + 1]!];
      const share = (least + (upTo - least) / 2) / others.at(-1)!;
      placements[at] = human ? share : 1 - share;
    }
  }
  return placements;
}

/** The different values in order, and the position of each rating among them. */
function stepsOf(ratings: ArrayLike<number>) {
  const steps = [...new Set(Array.from(ratings))].sort((one, other) => one - other);
  const place = new Map(steps.map((value, at) => [value, at]));
  return { steps, index: Int32Array.from(ratings, (value) => place.get(value)!) };
}

/** DeLong's error of independent ratings, with placements of 0 and 1 added for each kind. */
function independentError(
  placements: Float64Array,
  origins: RatedJudgments["origins"],
  weights: Float64Array | undefined,
): number {
  return Math.sqrt(
    ["human", "machine"].reduce((variance, kind) => {
      let [count, sum, squares, whole, squaredWeights] = [2, 1, 1, 0, 0];
      for (let at = 0; at < placements.length; at++) {
        if (origins[at] !== kind) continue;
        const weight = weights?.[at] ?? 1;
        count++;
        sum += placements[at]!;
        squares += placements[at]! ** 2;
        whole += weight;
        squaredWeights += weight ** 2;
      }
      return variance + (squares / count - (sum / count) ** 2) * (squaredWeights / whole ** 2);
    }, 0),
  );
}

/** A point of the ROC curve: the shares of machine and human stories rated at or above a value. */
export interface RocPoint {
  readonly falseAlarms: number;
  readonly hits: number;
}

/** The pooled ROC curve from (0, 0) to (1, 1), a point for each value of the ratings. */
export function rocPoints(ratings: ArrayLike<number>, origins: RatedJudgments["origins"]): RocPoint[] {
  const { steps, index } = stepsOf(ratings);
  const counts = countsOf(index, steps.length, origins);
  const [machine, human] = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const points = [{ falseAlarms: 0, hits: 0 }];
  let [falseAlarms, hits] = [0, 0];
  for (let step = steps.length - 1; step >= 0; step--) {
    falseAlarms += counts[0]![step]!;
    hits += counts[1]![step]!;
    points.push({ falseAlarms: falseAlarms / machine!, hits: hits / human! });
  }
  return points;
}

function countsOf(index: Int32Array, steps: number, origins: RatedJudgments["origins"]): number[][] {
  const counts = [0, 1].map(() => new Array<number>(steps).fill(0));
  for (let at = 0; at < index.length; at++) counts[Number(origins[at] === "human")]![index[at]!]!++;
  return counts;
}

/** The unequal-variance model of all ratings: machine stories are standard normal, human ones have another mean and spread. */
export type Binormal =
  | {
      readonly fitted: true;
      /** s, the slope of the ROC curve on normal axes: the spread of machine stories over that of human stories. */
      readonly slope: Estimate;
      /** d_a, the distance of the means over the root mean square of the two spreads. */
      readonly distance: Estimate;
      readonly logLikelihood: number;
    }
  | { readonly fitted: false; readonly reason: string };

/**
 * The unequal-variance normal model of ratings by maximum likelihood (Dorfman and Alf 1969; Macmillan and Creelman 2005,
 * chapter 3), pooled over readers, with errors clustered as in `clusteredArea` (the sandwich of the scores). With fewer than three
 * values, or a model that does not converge, there is a reason. More than twelve values are grouped into twelve of
 * similar size. Throws as `checkJudgments`.
 */
export function binormalFit(judgments: RatedJudgments, level = 0.95): Binormal {
  const { readers, stories, origins, clusters = [] } = judgments;
  checkJudgments({ ...judgments, correct: Array.from(judgments.ratings, () => true) });
  const { steps, index } = stepsOf(grouped(judgments.ratings));
  if (steps.length < 3) return { fitted: false, reason: "at least three different ratings are needed" };
  const counts = countsOf(index, steps.length, origins);
  const sizes = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  if (sizes.includes(0)) return { fitted: false, reason: "only one kind of story was rated" };
  const fit = scoringFit(counts, sizes);
  if (!fit) return { fitted: false, reason: "the ratings have no finite estimate of the two spreads" };
  const { at, logLikelihood, inverse, cells } = fit;
  const width = at.length;
  const [mean, logSpread] = [at[width - 2]!, at[width - 1]!];
  const spread = Math.exp(logSpread);
  // Derivatives of d_a = mean sqrt(2 / (1 + spread^2)) by the mean and the log of the spread; s = 1 / spread.
  const root = Math.sqrt(2 / (1 + spread ** 2));
  const distance = errorOf([root, (-mean * root * spread ** 2) / (1 + spread ** 2)]);
  const slope = errorOf([0, 1]);
  const ends = studentInterval(-logSpread, slope.standardError, slope.degrees, level);
  return {
    fitted: true,
    logLikelihood,
    slope: {
      value: 1 / spread,
      standardError: slope.standardError / spread,
      interval: { low: Math.exp(ends.low), high: Math.exp(ends.high) },
    },
    distance: {
      value: mean * root,
      standardError: distance.standardError,
      interval: studentInterval(mean * root, distance.standardError, distance.degrees, level),
    },
  };

  /** The clustered error of a function of the last two parameters, from each judgment's influence on it. */
  function errorOf(derivatives: readonly [number, number]) {
    const influence = cells.map((row) =>
      row.map((score) => {
        let sum = 0;
        for (const [which, derivative] of derivatives.entries()) {
          for (let other = 0; other < width; other++)
            sum += derivative * inverse[(width - 2 + which) * width + other]! * score[other]!;
        }
        return sum;
      }),
    );
    const count = index.length;
    const values = Float64Array.from(
      index,
      (step, row) => count * influence[Number(origins[row] === "human")]![step]!,
    );
    return clusteredContrast(values, {
      clusters: [readers, stories, ...clusters.map(({ labels }) => labels)],
      groups: origins,
      weights: new Map<Label, number>([
        ["human", sizes[1]! / count],
        ["machine", sizes[0]! / count],
      ]),
    });
  }
}

/** At most twelve different values: ranks in twelfths for finer ratings. */
function grouped(ratings: ArrayLike<number>): ArrayLike<number> {
  const { steps, index } = stepsOf(ratings);
  if (steps.length <= 12) return ratings;
  const upTo = new Float64Array(steps.length + 1);
  for (const step of index) upTo[step + 1]!++;
  for (let step = 1; step < upTo.length; step++) upTo[step]! += upTo[step - 1]!;
  return Float64Array.from(index, (step) =>
    Math.floor((12 * (upTo[step]! + upTo[step + 1]!)) / 2 / index.length),
  );
}

/**
 * Fisher scoring over thresholds, the mean and the log of the spread of human stories. `cells` has the score of one
 * judgment for each kind and value; undefined if the spread is not between 1/6 and 6.
 */
function scoringFit(counts: readonly number[][], sizes: readonly number[]) {
  const steps = counts[0]!.length;
  const width = steps + 1;
  let at = startOf(counts, sizes);
  let value = logLikelihoodAt(at);
  for (let iteration = 0; iteration < 200; iteration++) {
    const { score, information } = derivativesAt(at);
    if (!choleskyInPlace(information, width)) return undefined;
    const step = Float64Array.from(score);
    choleskySolve(information, width, step);
    let moved = at;
    let next = value;
    for (let length = 1; length > 1e-8; length /= 2) {
      moved = at.map((one, place) => one + length * step[place]!);
      next = logLikelihoodAt(moved);
      if (next >= value - 1e-12 * Math.abs(value)) break;
    }
    const change = next - value;
    at = moved;
    value = next;
    if (Math.abs(at[width - 1]!) > Math.log(6)) return undefined;
    if (Math.abs(change) > 1e-11 * Math.abs(value) || step.some((one) => Math.abs(one) > 1e-6)) continue;
    const last = derivativesAt(at);
    if (!choleskyInPlace(last.information, width)) return undefined;
    return {
      at,
      logLikelihood: value,
      inverse: choleskyInverse(last.information, width),
      cells: last.cells,
    };
  }
  return undefined;

  /** The probability of each value for a kind, and its derivatives. */
  function cellsAt(point: Float64Array, human: boolean) {
    const [mean, spread] = human ? [point[steps - 1]!, Math.exp(point[steps]!)] : [0, 1];
    const edges = Array.from({ length: steps + 1 }, (_, edge) =>
      edge === 0 ? -Infinity : edge === steps ? Infinity : (point[edge - 1]! - mean) / spread,
    );
    return Array.from({ length: steps }, (_, step) => {
      const [low, high] = [edges[step]!, edges[step + 1]!];
      const derivatives = new Float64Array(width);
      const [dLow, dHigh] = [normalDensity(low), normalDensity(high)];
      if (step > 0) derivatives[step - 1]! -= dLow / spread;
      if (step < steps - 1) derivatives[step]! += dHigh / spread;
      if (human) {
        derivatives[steps - 1] = (dLow - dHigh) / spread;
        derivatives[steps] = times(dLow, low) - times(dHigh, high);
      }
      // In the upper tail the difference is taken between survivals, which are precise there.
      const probability = low > 0 ? normalCdf(-low) - normalCdf(-high) : normalCdf(high) - normalCdf(low);
      return { probability, derivatives };
    });
  }

  function logLikelihoodAt(point: Float64Array): number {
    let sum = 0;
    for (const [kind, row] of counts.entries()) {
      for (const [step, { probability }] of cellsAt(point, kind === 1).entries()) {
        if (!(probability > 0)) return -Infinity;
        if (row[step]! > 0) sum += row[step]! * Math.log(probability);
      }
    }
    return sum;
  }

  function derivativesAt(point: Float64Array) {
    const score = new Float64Array(width);
    const information = new Float64Array(width * width);
    const cells = counts.map((row, kind) =>
      cellsAt(point, kind === 1).map(({ probability, derivatives }, step) => {
        for (let one = 0; one < width; one++) {
          score[one]! += (row[step]! * derivatives[one]!) / probability;
          for (let other = 0; other < width; other++)
            information[one * width + other]! +=
              (sizes[kind]! * derivatives[one]! * derivatives[other]!) / probability;
        }
        return derivatives.map((derivative) => derivative / probability);
      }),
    );
    return { score, information, cells };
  }
}

const times = (density: number, at: number): number => (density === 0 ? 0 : density * at);

/** Thresholds from all ratings together; no difference between the kinds. */
function startOf(counts: readonly number[][], sizes: readonly number[]): Float64Array {
  const steps = counts[0]!.length;
  const all = sizes[0]! + sizes[1]!;
  const point = new Float64Array(steps + 1);
  let below = 0;
  for (let edge = 0; edge < steps - 1; edge++) {
    below += counts[0]![edge]! + counts[1]![edge]!;
    point[edge] = normalQuantile(below / all);
  }
  return point;
}
