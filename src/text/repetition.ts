import { functionWords, pronouns } from "./function-words.ts";
import { ngramsOf } from "./ngrams.ts";
import { termsOf } from "./words.ts";

/**
 * How varied a text is: distinct runs of `n` words over all of them, 0 to 1 (distinct-n, Li et al. 2016). A good
 * story of ninety words has a distinct-1 of about .68 to .88, a degenerate one .26 to .51. It falls with length,
 * so compare texts of about the same one. 1 where the text is shorter than a run.
 */
export function distinctN(text: string, n = 1): number {
  const ngrams = ngramsOf(termsOf(text), n);
  return ngrams.length === 0 ? 1 : new Set(ngrams).size / ngrams.length;
}

/** How much a text repeats its runs of `n` words: 1 - distinct-n (seq-rep-n, Welleck et al. 2020). */
export const seqRepN = (text: string, n = 4): number => 1 - distinctN(text, n);

/**
 * The share of words that are personal, possessive or reflexive pronouns; `I'm` and `she'd` count. Good stories
 * have up to .25, most .1 to .2; a model that fell into a loop of pronouns has .33 and more.
 */
export const pronounShare = (text: string): number => shareOf(text, pronouns);

/**
 * The share of words that only join others (articles, pronouns, prepositions, auxiliaries), English. Good stories
 * have .39 to .62, word salad .69 and more.
 */
export const functionWordShare = (text: string): number => shareOf(text, functionWords);

function shareOf(text: string, words: ReadonlySet<string>): number {
  const terms = termsOf(text);
  const among = terms.filter((term) => words.has(term) || words.has(term.replace(/'.*$/, ""))).length;
  return terms.length === 0 ? 0 : among / terms.length;
}
