import { type ClusteredEstimate, studentInterval } from "./clustered.ts";
import { checkLengths, type IndexedLabels, indexLabels, indexPairs, type Label } from "./labels.ts";
import type { Random } from "./random.ts";

export interface TrendData {
  /** The level (dose) of each value. */
  readonly levels: ArrayLike<number>;
  readonly values: ArrayLike<number>;
  /** The unit to which a level was assigned: a text. All values of a unit have the same level. */
  readonly units: ArrayLike<Label>;
  /** Values are compared only within these: readers (who use a scale differently) or titles. */
  readonly within?: ArrayLike<Label> | undefined;
  /** Levels are permuted within these blocks; over all units by default. */
  readonly blocks?: ArrayLike<Label> | undefined;
  /** One or two clusterings for the interval: titles, readers. */
  readonly clusters: readonly ArrayLike<Label>[];
}

/** A slope per level, with its permutation test. */
export interface Trend extends ClusteredEstimate {
  /** Two-sided, (1 + permutations at least as steep) / (1 + permutations). */
  readonly p: number;
  readonly permutations: number;
}

/**
 * The trend of values over a level that was assigned to units: the least-squares slope within groups. The p-value permutes
 * the levels among the units of a block (whole texts, not single ratings), so it is valid for any dependence within units
 * and readers (a randomisation test; Phipson and Smyth 2010 for the 1 added). The interval is from the jackknife over
 * clusters, two clusterings combined as V1 + V2 - V12 but never below the larger (Cameron, Gelbach and Miller 2011), with
 * Student's t and one degree of freedom fewer than the smaller number of clusters.
 *
 * Undefined if the level doesn't vary within groups. Throws RangeError when columns differ in length, or a unit has two
 * levels or two blocks.
 */
export function trend(
  data: TrendData,
  { permutations = 1999, level = 0.95 }: { readonly permutations?: number; readonly level?: number },
  random: Random,
): Trend | undefined {
  const { values, clusters } = data;
  checkLengths(values.length, { levels: data.levels, units: data.units, within: data.within });
  const groups = indexLabels(data.within ?? new Uint8Array(values.length)).index;
  const units = unitsOf(data);
  const slope = slopeByUnits(values, groups, units);
  const estimate = slope(units.levels);
  if (estimate === undefined) return undefined;

  const blocks = units.blocks.map((block) => [block, block.map((unit) => units.levels[unit]!)] as const);
  const permuted = Float64Array.from(units.levels);
  let steep = 0;
  for (let draw = 0; draw < permutations; draw++) {
    for (const [block, levels] of blocks) {
      const shuffled = random.shuffle(levels);
      for (let at = 0; at < block.length; at++) permuted[block[at]!] = shuffled[at]!;
    }
    // A permutation without variation of levels within groups counts as extreme, which is conservative.
    const other = slope(permuted);
    if (other === undefined || Math.abs(other) >= Math.abs(estimate) - 1e-12) steep++;
  }

  const clusterings = clusters.map(indexLabels);
  const left = (clustering: IndexedLabels) =>
    Array.from({ length: clustering.names.length }, (_, cluster) =>
      slopeWithout((at) => clustering.index[at] === cluster, data.levels, values, groups),
    );
  const parts = clusterings.map((clustering) => jackknife(left(clustering), estimate));
  const [first, second] = parts;
  const both = second && jackknife(left(indexPairs(clusterings[0]!, clusterings[1]!)), estimate);
  const variance = both ? Math.max(first!, second, first! + second - both) : first!;
  const fewest = Math.min(...clusterings.map(({ names }) => names.length));
  const degrees = fewest > 1 && Number.isFinite(variance) ? fewest - 1 : 0;
  const standardError = degrees > 0 ? Math.sqrt(variance) : Infinity;
  return {
    estimate,
    standardError,
    degrees,
    interval: studentInterval(estimate, standardError, degrees, level),
    observations: values.length,
    clusters: clusterings.map(({ names }) => names.length),
    p: (1 + steep) / (1 + permutations),
    permutations,
  };
}

/** The jackknife variance; infinite if there is no slope without some cluster. */
function jackknife(without: readonly (number | undefined)[], estimate: number): number {
  if (without.some((each) => each === undefined)) return Infinity;
  const squares = without.reduce<number>((sum, each) => sum + (each! - estimate) ** 2, 0);
  return (squares * (without.length - 1)) / without.length;
}

/** The slope without some of the observations. */
function slopeWithout(
  leftOut: (at: number) => boolean,
  levels: ArrayLike<number>,
  values: ArrayLike<number>,
  groups: Int32Array,
): number | undefined {
  const width = groups.reduce((most, group) => Math.max(most, group + 1), 0);
  const [sizes, ofLevels, sums] = Array.from({ length: 3 }, () => new Float64Array(width));
  for (const [at, group] of groups.entries()) {
    if (leftOut(at)) continue;
    sizes![group]!++;
    ofLevels![group]! += levels[at]!;
    sums![group]! += values[at]!;
  }
  let [above, below] = [0, 0];
  for (const [at, group] of groups.entries()) {
    if (leftOut(at)) continue;
    const away = levels[at]! - ofLevels![group]! / sizes![group]!;
    above += away * (values[at]! - sums![group]! / sizes![group]!);
    below += away * away;
  }
  return below > 1e-12 ? above / below : undefined;
}

/** The slope within groups as a function of the units' levels, from sums that do not depend on the levels. */
function slopeByUnits(
  values: ArrayLike<number>,
  groups: Int32Array,
  { index, levels }: { readonly index: Int32Array; readonly levels: Float64Array },
): (levels: Float64Array) => number | undefined {
  const sizes = new Float64Array(groups.reduce((most, group) => Math.max(most, group + 1), 0));
  const sums = new Float64Array(sizes.length);
  for (const [at, group] of groups.entries()) {
    sizes[group]!++;
    sums[group]! += values[at]!;
  }
  const [deviations, observations] = [new Float64Array(levels.length), new Float64Array(levels.length)];
  for (const [at, unit] of index.entries()) {
    deviations[unit]! += values[at]! - sums[groups[at]!]! / sizes[groups[at]!]!;
    observations[unit]!++;
  }
  // Levels are centred so that the difference of squares loses no digits.
  const centre = levels.reduce((sum, level) => sum + level, 0) / levels.length;
  const totals = new Float64Array(sizes.length);
  return (permuted) => {
    let [above, squares] = [0, 0];
    for (let unit = 0; unit < permuted.length; unit++) {
      const away = permuted[unit]! - centre;
      above += deviations[unit]! * away;
      squares += observations[unit]! * away * away;
    }
    totals.fill(0);
    for (let at = 0; at < index.length; at++) totals[groups[at]!]! += permuted[index[at]!]! - centre;
    let below = squares;
    for (let group = 0; group < totals.length; group++) below -= totals[group]! ** 2 / sizes[group]!;
    return below > 1e-12 * squares ? above / below : undefined;
  };
}

function unitsOf({ levels, units, blocks, values }: TrendData) {
  const { index, names } = indexLabels(units);
  const levelOf = new Float64Array(names.length).fill(Number.NaN);
  const blockOf: (Label | undefined)[] = [];
  for (let at = 0; at < values.length; at++) {
    const unit = index[at]!;
    const block = blocks?.[at] ?? "";
    if (!Number.isNaN(levelOf[unit]!) && (levelOf[unit] !== levels[at] || blockOf[unit] !== block)) {
      throw new RangeError(`the unit ${names[unit]} has two levels or two blocks`);
    }
    levelOf[unit] = levels[at]!;
    blockOf[unit] = block;
  }
  const members = new Map<Label, number[]>();
  for (const [unit, block] of blockOf.entries()) members.set(block!, [...(members.get(block!) ?? []), unit]);
  return { index, levels: levelOf, blocks: [...members.values()] };
}
