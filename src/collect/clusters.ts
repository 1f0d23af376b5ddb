/**
 * Groups positions into clusters: positions with equal labels and the two of each pair belong together, also
 * indirectly. A position without a label is linked only by its pairs. In order of first member.
 */
export function clustersOf(
  labels: readonly (string | undefined)[],
  pairs: readonly (readonly [number, number])[],
): number[][] {
  const parent = labels.map((_, at) => at);
  const root = (at: number): number => {
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  };
  const join = (one: number, other: number) => {
    const [a, b] = [root(one), root(other)];
    parent[Math.max(a, b)] = Math.min(a, b);
  };

  const firstOf = new Map<string, number>();
  labels.forEach((label, at) => {
    if (label === undefined) return;
    const first = firstOf.get(label);
    if (first === undefined) firstOf.set(label, at);
    else join(first, at);
  });
  for (const [one, other] of pairs) join(one, other);

  const clusters = new Map<number, number[]>();
  labels.forEach((_, at) => {
    const own = root(at);
    const cluster = clusters.get(own);
    if (cluster) cluster.push(at);
    else clusters.set(own, [at]);
  });
  return [...clusters.values()];
}
