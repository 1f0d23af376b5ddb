import { alphaOf, type Interval } from "./interval.ts";
import { checkLengths, indexLabels, type Label } from "./labels.ts";
import { normalQuantile } from "./normal.ts";

/**
 * Fleiss' kappa (1971) of units that the same number of judges put into categories: `counts` has a row per unit and a
 * column per category. Undefined without units, or if all are in one category. Throws RangeError if rows
 * differ in judges, or there are fewer than two.
 */
export function fleissKappa(counts: readonly (readonly number[])[]): number | undefined {
  const judges = counts[0]?.reduce((sum, count) => sum + count, 0) ?? 0;
  if (counts.length === 0) return undefined;
  if (!(judges >= 2)) throw new RangeError(`agreement needs two judges: ${judges}`);
  const shares = new Float64Array(counts[0]!.length);
  let observed = 0;
  for (const [unit, row] of counts.entries()) {
    const here = row.reduce((sum, count) => sum + count, 0);
    if (here !== judges) throw new RangeError(`unit ${unit} has ${here} judges, expected ${judges}`);
    for (const [category, count] of row.entries()) {
      observed += (count * (count - 1)) / (judges * (judges - 1) * counts.length);
      shares[category]! += count / (judges * counts.length);
    }
  }
  const expected = shares.reduce((sum, share) => sum + share * share, 0);
  // With a single category the sum is 1 up to rounding.
  return 1 - expected < 1e-12 ? undefined : (observed - expected) / (1 - expected);
}

/** Cohen's kappa with its standard error and interval. */
export interface Kappa {
  readonly kappa: number;
  readonly standardError: number;
  readonly interval: Interval;
}

/**
 * Cohen's kappa (1960) of two judges over the same units, with the large-sample error of Fleiss, Cohen and Everitt
 * (1969). Undefined without units, or where both used one category throughout. Throws RangeError when lengths differ.
 */
export function cohenKappa(one: ArrayLike<Label>, other: ArrayLike<Label>, level = 0.95): Kappa | undefined {
  const tail = alphaOf(level) / 2;
  checkLengths(one.length, { other });
  const all = one.length;
  const { index, names } = indexLabels([...Array.from(one), ...Array.from(other)]);
  const size = names.length;
  const table = new Float64Array(size * size);
  const rows = new Float64Array(size);
  const columns = new Float64Array(size);
  for (let unit = 0; unit < all; unit++) {
    table[index[unit]! * size + index[all + unit]!]! += 1 / all;
    rows[index[unit]!]! += 1 / all;
    columns[index[all + unit]!]! += 1 / all;
  }
  const expected = rows.reduce((sum, share, at) => sum + share * columns[at]!, 0);
  if (all === 0 || 1 - expected < 1e-12) return undefined;
  let observed = 0;
  for (let at = 0; at < size; at++) observed += table[at * size + at]!;
  const kappa = (observed - expected) / (1 - expected);

  let spread = 0;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const margins = columns[row]! + rows[column]!;
      const pull = row === column ? 1 - margins * (1 - kappa) : -margins * (1 - kappa);
      spread += table[row * size + column]! * pull * pull;
    }
  }
  spread -= (kappa - expected * (1 - kappa)) ** 2;
  const standardError = Math.sqrt(Math.max(0, spread) / all) / (1 - expected);
  const half = normalQuantile(1 - tail) * standardError;
  return {
    kappa,
    standardError,
    interval: { low: Math.max(-1, kappa - half), high: Math.min(1, kappa + half) },
  };
}

/**
 * The share of pairs of judges that agree, over units with two or more labels: a list of labels per unit. Undefined
 * where no unit has two.
 */
export function percentAgreement(units: readonly (readonly Label[])[]): number | undefined {
  let agreeing = 0;
  let pairs = 0;
  for (const unit of units) {
    pairs += (unit.length * (unit.length - 1)) / 2;
    const counts = new Map<Label, number>();
    for (const label of unit) counts.set(label, (counts.get(label) ?? 0) + 1);
    for (const count of counts.values()) agreeing += (count * (count - 1)) / 2;
  }
  return pairs === 0 ? undefined : agreeing / pairs;
}
