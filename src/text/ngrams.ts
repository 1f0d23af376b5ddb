/** The runs of `n` terms of a text in their order, each joined by a space; none where the text is shorter. */
export const ngramsOf = (terms: readonly string[], n: number): string[] =>
  Array.from({ length: Math.max(0, terms.length - n + 1) }, (_, at) => terms.slice(at, at + n).join(" "));

/**
 * What a text is compared by: its distinct runs of `n` terms, or the whole of it where it is shorter than one run.
 * A text without a term has none.
 */
export function shinglesOf(terms: readonly string[], n: number): Set<string> {
  if (terms.length === 0) return new Set();
  return new Set(terms.length < n ? [terms.join(" ")] : ngramsOf(terms, n));
}
