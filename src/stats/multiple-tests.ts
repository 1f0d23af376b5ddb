/**
 * Holm's adjusted p-values (1979), in the order given. They control the familywise error rate. Throws RangeError on an
 * impossible p-value.
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
 * Benjamini and Hochberg's adjusted p-values (1995), in the order given. They control the false discovery rate. Throws
 * RangeError on an impossible p-value.
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
  for (const p of pValues)
    if (!(p >= 0 && p <= 1)) throw new RangeError(`a p-value must be from 0 to 1: ${p}`);
  return pValues.map((_, at) => at).sort((one, other) => pValues[one]! - pValues[other]!);
}
