/** The level of measurement, which defines the distance of two values. */
export type Scale = "nominal" | "ordinal" | "interval" | "ratio";

/**
 * Krippendorff's alpha: 1 is full agreement, 0 is chance. `ratings` has a row per judge and a column per unit, with
 * `undefined` for missing values. Coincidence form of Krippendorff (2019), "Content Analysis", chapter 12. Undefined if no
 * unit has two values, or all values are the same (expected disagreement is 0). Throws RangeError when rows differ in
 * length, or a ratio scale has values below 0.
 */
export function krippendorffAlpha(
  ratings: readonly (readonly (number | undefined)[])[],
  scale: Scale = "nominal",
): number | undefined {
  const units = pairableUnits(ratings);
  const values = [...new Set(units.flat())].sort((one, other) => one - other);
  if (values.length < 2) return undefined;
  if (scale === "ratio" && values[0]! < 0) throw new RangeError(`a ratio scale starts at 0: ${values[0]}`);
  const position = new Map(values.map((value, at) => [value, at]));
  const totals = new Float64Array(values.length);
  for (const unit of units) for (const value of unit) totals[position.get(value)!]!++;
  const distance = distanceBetween(values, totals, scale);

  // Counts pairs by value, so that time is linear in the number of judges.
  let observed = 0;
  for (const unit of units) {
    const counts = new Map<number, number>();
    for (const value of unit) counts.set(position.get(value)!, (counts.get(position.get(value)!) ?? 0) + 1);
    for (const [one, count] of counts) {
      for (const [other, otherCount] of counts)
        observed += (count * otherCount * distance(one, other)) / (unit.length - 1);
    }
  }
  let expected = 0;
  for (let one = 0; one < values.length; one++) {
    for (let other = 0; other < values.length; other++) {
      expected += totals[one]! * totals[other]! * distance(one, other);
    }
  }
  const all = totals.reduce((sum, total) => sum + total, 0);
  return 1 - ((all - 1) * observed) / expected;
}

/** The values of each unit with at least two judges. */
function pairableUnits(ratings: readonly (readonly (number | undefined)[])[]): number[][] {
  const width = ratings[0]?.length ?? 0;
  for (const [judge, row] of ratings.entries()) {
    if (row.length !== width)
      throw new RangeError(`judge ${judge} has ${row.length} units, expected ${width}`);
  }
  return Array.from({ length: width }, (_, unit) =>
    ratings.map((row) => row[unit]).filter((value): value is number => value !== undefined),
  ).filter((unit) => unit.length >= 2);
}

/** Squared distances between two places in the sorted values. */
function distanceBetween(
  values: readonly number[],
  totals: Float64Array,
  scale: Scale,
): (one: number, other: number) => number {
  if (scale === "nominal") return (one, other) => (one === other ? 0 : 1);
  if (scale === "interval") return (one, other) => (values[one]! - values[other]!) ** 2;
  if (scale === "ratio") {
    return (one, other) => {
      const sum = values[one]! + values[other]!;
      return sum === 0 ? 0 : ((values[one]! - values[other]!) / sum) ** 2;
    };
  }
  const before = [0];
  for (const total of totals) before.push(before.at(-1)! + total);
  return (one, other) => {
    const [low, high] = one < other ? [one, other] : [other, one];
    return (before[high + 1]! - before[low]! - (totals[low]! + totals[high]!) / 2) ** 2;
  };
}
