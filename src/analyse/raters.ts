/**
 * The input of Krippendorff's alpha: a row per reader and a column per story with at least two judges. Undefined without
 * such a story.
 */
export function raterTable<Answer extends { readonly participant: string; readonly stimulus: string }>(
  answers: readonly Answer[],
  numberOf: (answer: Answer) => number,
): (number | undefined)[][] | undefined {
  const judges = new Map<string, number>();
  for (const { stimulus } of answers) judges.set(stimulus, (judges.get(stimulus) ?? 0) + 1);
  const columns = new Map(
    [...judges].filter(([, count]) => count >= 2).map(([stimulus], at) => [stimulus, at]),
  );
  if (columns.size === 0) return undefined;
  const rows = new Map<string, (number | undefined)[]>();
  for (const answer of answers) {
    const column = columns.get(answer.stimulus);
    if (column === undefined) continue;
    const row = rows.get(answer.participant) ?? new Array<number | undefined>(columns.size).fill(undefined);
    row[column] = numberOf(answer);
    rows.set(answer.participant, row);
  }
  return [...rows.values()];
}
