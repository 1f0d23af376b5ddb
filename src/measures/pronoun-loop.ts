import { pronouns } from "../text/function-words.ts";
import type { QuickMeasure } from "./measure.ts";

/**
 * Whether the text loops over pronouns (`I was in the I and I was the I`): in a window of twenty words, at least half
 * are pronouns and at most half are different words; or `I`, `we` and `they` are in an impossible position (after another
 * pronoun or an article) at least three times. None of 1,139 children's tales and primers, which repeat a lot, is flagged.
 */
export const pronounLoop: QuickMeasure = {
  name: "pronoun_loop",
  label: "loop over pronouns",
  meaning: "whether the text loops over pronouns",
  unit: "yes or no",
  format: "percent",
  version: 1,
  of: ({ terms }) => hasDenseWindow(terms) || misplacedPronouns(terms) >= 3,
};

const windowSize = 20;

function hasDenseWindow(terms: readonly string[]): boolean {
  if (terms.length < 8) return false;
  for (let start = 0; start === 0 || start + windowSize <= terms.length; start++) {
    const words = terms.slice(start, start + windowSize);
    const loops = words.filter(isPronoun).length >= 0.5 * words.length;
    if (loops && new Set(words).size <= 0.5 * words.length) return true;
  }
  return false;
}

/** The number of subject pronouns in impossible positions. */
const misplacedPronouns = (terms: readonly string[]): number =>
  terms.filter((term, at) => subjects.has(term) && impossibleBefore.has(terms[at - 1] ?? "")).length;

const isPronoun = (term: string): boolean => pronouns.has(term.replace(/'.*$/, ""));

const subjects = new Set(["i", "we", "they"]);
const impossibleBefore = new Set([
  "i",
  "he",
  "she",
  "we",
  "they",
  "the",
  "a",
  "an",
  "my",
  "his",
  "of",
  "with",
  "at",
]);
