/**
 * Holm's adjusted p-values (1979), in the order given: the chance of any false claim stays at alpha where claims
 * are made for adjusted p at most alpha. Throws RangeError on what is no p-value.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = byRising(pValues);
  const adjusted = new Array<number>(pValues.length);
  let largest = 0;
  for (const [rank, at] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * pValues[at]!));
    adjusted[at] = largest;
  }
  return adjusted;
}

/**
 * Benjamini and Hochberg's adjusted p-values (1995), in the order given: the expected share of false claims stays
 * at alpha. Throws RangeError on what is no p-value.
 */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  const order = byRising(pValues);
  const adjusted = new Array<number>(pValues.length);
  let smallest = 1;
  for (let rank = order.length; rank > 0; rank--) {
    const at = order[rank - 1]!;
    smallest = Math.min(smallest, (pValues.length * pValues[at]!) / rank);
    adjusted[at] = smallest;
  }
  return adjusted;
}

function byRising(pValues: readonly number[]): number[] {
  for (const p of pValues) if (!(p >= 0 && p <= 1)) throw new RangeError(`a p-value lies from 0 to 1: ${p}`);
  return pValues.map((_, at) => at).sort((one, other) => pValues[one]! - pValues[other]!);
}
