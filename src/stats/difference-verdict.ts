import { type Claim, claimOf, reasonOf } from "./claim.ts";
import { clusteredContrast } from "./clustered.ts";
import { checkLengths, type Label } from "./labels.ts";
import { tooFew } from "./too-few.ts";
import { checkAlpha } from "./tost.ts";

/** Ratings, or any measure, of stories of two kinds. */
export interface DifferenceData {
  readonly values: ArrayLike<number>;
  readonly readers: ArrayLike<Label>;
  readonly stories: ArrayLike<Label>;
  /** The kind of each story: its origin, its model. */
  readonly groups: ArrayLike<Label>;
}

/** The verdict on a difference of means, in the units of the values. */
export interface DifferenceVerdict extends Claim {
  readonly reason: string;
  /** Mean of the first kind less mean of the second; undefined where one has no values. */
  readonly estimate: number | undefined;
  readonly standardError: number;
  readonly degrees: number;
  readonly values: number;
}

/**
 * Whether the means of two kinds of story are equivalent within a margin (in the units of the values), different, or
 * neither can be told, with readers and stories both random: the error of `clusteredContrast`, never below that of
 * independent values. Values that never vary carry no verdict. Throws RangeError when columns differ in length, or
 * margin or alpha are impossible.
 */
export function differenceVerdict(
  data: DifferenceData,
  [first, second]: readonly [Label, Label],
  {
    margin,
    alpha = 0.05,
    equivalenceAlpha = alpha,
  }: { readonly margin: number; readonly alpha?: number; readonly equivalenceAlpha?: number },
): DifferenceVerdict {
  checkLengths(data.values.length, { readers: data.readers, stories: data.stories, groups: data.groups });
  checkAlpha(alpha);
  checkAlpha(equivalenceAlpha);
  const errors = { alpha, equivalenceAlpha };
  if (!(margin > 0 && margin < Infinity)) throw new RangeError(`a margin lies above 0: ${margin}`);
  const { values, readers, stories, groups } = only(data, first, second);
  const variances = [first, second].map((kind) => meanVariance(values, groups, kind));
  if (variances.includes(undefined)) return unknown(values.length, alpha, "one of the kinds has no values");

  const weights = new Map([
    [first, 1],
    [second, -1],
  ]);
  const clustered = clusteredContrast(values, { clusters: [readers, stories], groups, weights });
  const independent = Math.sqrt(variances[0]! + variances[1]!);
  const figure = { ...clustered, standardError: Math.max(clustered.standardError, independent) };
  const claim = claimOf(figure, { value: 0, margin, ...errors });
  return {
    ...claim,
    reason: whyOf(),
    estimate: clustered.estimate,
    standardError: figure.standardError,
    degrees: clustered.degrees,
    values: values.length,
  };

  function whyOf(): string {
    if (clustered.degrees === 0) return tooFew({ readers, stories, groups });
    if (figure.standardError === 0) return "the values never vary within a kind";
    return reasonOf(claim.verdict, errors, "no difference");
  }
}

function only({ values, readers, stories, groups }: DifferenceData, first: Label, second: Label) {
  const rows: number[] = [];
  for (let at = 0; at < values.length; at++) {
    if (groups[at] === first || groups[at] === second) rows.push(at);
  }
  return {
    values: rows.map((at) => values[at]!),
    readers: rows.map((at) => readers[at]!),
    stories: rows.map((at) => stories[at]!),
    groups: rows.map((at) => groups[at]!),
  };
}

/** The variance of a mean of independent values; 0 of a single one, undefined of none. */
function meanVariance(values: readonly number[], groups: readonly Label[], kind: Label): number | undefined {
  const own = values.filter((_, at) => groups[at] === kind);
  if (own.length === 0) return undefined;
  if (own.length === 1) return 0;
  const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
  return own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (own.length - 1) / own.length;
}

function unknown(values: number, alpha: number, reason: string): DifferenceVerdict {
  const nothing = { estimate: Number.NaN, standardError: Infinity, degrees: 0 };
  const claim = claimOf(nothing, { value: 0, margin: 1, alpha });
  return { ...claim, reason, estimate: undefined, standardError: Infinity, degrees: 0, values };
}
