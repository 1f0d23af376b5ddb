/** Groups of fewer people are not counted exactly, because a person could be recognised. */
export const smallest = 5;

/**
 * Counts for a report: a group of fewer than five is printed as `< 5`. With a single such group, its size would follow from
 * the total, so the next smallest is printed as `5 or more`. Empty groups stay 0.
 */
export function suppressed(counts: readonly number[]): string[] {
  const small = counts.filter((count) => count > 0 && count < smallest).length;
  const others = counts.filter((count) => count >= smallest);
  const next = small === 1 && others.length > 0 ? counts.indexOf(Math.min(...others)) : -1;
  return counts.map((count, at) => {
    if (count > 0 && count < smallest) return `< ${smallest}`;
    return at === next ? `${smallest} or more` : String(count);
  });
}
