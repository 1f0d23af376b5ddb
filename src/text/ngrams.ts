/** The runs of `n` terms of a text in order, each joined by spaces; empty if the text is shorter. */
export const ngramsOf = (terms: readonly string[], n: number): string[] =>
  Array.from({ length: Math.max(0, terms.length - n + 1) }, (_, at) => terms.slice(at, at + n).join(" "));

/**
 * The distinct runs of `n` terms of a text, or all its terms if it is shorter than one run. Empty for a text without
 * terms.
 */
export function shinglesOf(terms: readonly string[], n: number): Set<string> {
  if (terms.length === 0) return new Set();
  return new Set(terms.length < n ? [terms.join(" ")] : ngramsOf(terms, n));
}
