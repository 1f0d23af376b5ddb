import type { Random } from "./random.ts";

/** The result of k-means. */
export interface KMeans {
  /** The cluster of each point, numbered from 0. */
  readonly of: Int32Array;
  readonly centres: readonly Float64Array[];
  /** The sum of squared distances of the points to their centres. */
  readonly squares: number;
}

/**
 * k-means with `count` clusters (fewer if there are fewer different points), by Lloyd's algorithm (1982) from k-means++
 * seeds (Arthur and Vassilvitskii 2007); the best of `starts` runs. It finds a local optimum that depends on `random`.
 * Throws RangeError without points, for points of different lengths, and for a count below 1.
 */
export function kMeans(
  points: readonly ArrayLike<number>[],
  count: number,
  random: Random,
  { starts = 5, rounds = 100 }: { readonly starts?: number; readonly rounds?: number } = {},
): KMeans {
  if (points.length === 0) throw new RangeError("no points to cluster");
  if (!(count >= 1)) throw new RangeError(`the number of clusters must be at least 1: ${count}`);
  if (points.some((point) => point.length !== points[0]!.length)) {
    throw new RangeError("points must have the same length");
  }
  let best: KMeans | undefined;
  for (let start = 0; start < starts; start++) {
    const found = lloyd(points, seeds(points, count, random), rounds);
    if (!best || found.squares < best.squares) best = found;
  }
  return best!;
}

/** k-means++: each seed is drawn with probability proportional to its squared distance to the nearest earlier seed. */
function seeds(points: readonly ArrayLike<number>[], count: number, random: Random): Float64Array[] {
  const centres = [Float64Array.from(random.pick(points))];
  const nearest = points.map((point) => distance(point, centres[0]!));
  while (centres.length < count) {
    let rest = random.next() * nearest.reduce((sum, each) => sum + each, 0);
    if (rest === 0 && nearest.every((each) => each === 0)) break;
    const at = nearest.findIndex((each) => {
      rest -= each;
      return rest < 0;
    });
    const centre = Float64Array.from(points[at < 0 ? points.length - 1 : at]!);
    centres.push(centre);
    for (const [place, point] of points.entries())
      nearest[place] = Math.min(nearest[place]!, distance(point, centre));
  }
  return centres;
}

function lloyd(points: readonly ArrayLike<number>[], centres: Float64Array[], rounds: number): KMeans {
  const of = new Int32Array(points.length).fill(-1);
  let squares = 0;
  for (let round = 0; round < rounds; round++) {
    let moved = false;
    squares = 0;
    for (const [at, point] of points.entries()) {
      const { centre, squaredDistance } = nearestOf(point, centres);
      moved ||= of[at] !== centre;
      of[at] = centre;
      squares += squaredDistance;
    }
    if (!moved) break;
    moveCentres(points, of, centres);
  }
  return { of, centres, squares };
}

function nearestOf(point: ArrayLike<number>, centres: readonly Float64Array[]) {
  let [centre, squaredDistance] = [0, Infinity];
  for (const [at, each] of centres.entries()) {
    const candidate = distance(point, each);
    if (candidate < squaredDistance) [centre, squaredDistance] = [at, candidate];
  }
  return { centre, squaredDistance };
}

/** Moves each centre to the mean of its points; a centre without points stays. */
function moveCentres(points: readonly ArrayLike<number>[], of: Int32Array, centres: Float64Array[]): void {
  const sizes = new Float64Array(centres.length);
  const sums = centres.map((centre) => new Float64Array(centre.length));
  for (const [at, point] of points.entries()) {
    sizes[of[at]!]!++;
    const sum = sums[of[at]!]!;
    for (let dimension = 0; dimension < sum.length; dimension++) sum[dimension]! += point[dimension]!;
  }
  for (const [at, sum] of sums.entries())
    if (sizes[at]! > 0) centres[at] = sum.map((value) => value / sizes[at]!);
}

function distance(one: ArrayLike<number>, other: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += (one[at]! - other[at]!) ** 2;
  return sum;
}
