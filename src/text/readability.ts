import { sentencesOf } from "./sentences.ts";
import { countWords, termsOf } from "./words.ts";

/**
 * Flesch's reading ease of an English text: 206.835 - 1.015 words per sentence - 84.6 syllables per word (Flesch 1948).
 * About 100 for a child's book, 60 for plain prose, 30 for a scientific paper; it may exceed 100 and fall below 0.
 * Undefined for a text without a word.
 */
export function readingEase(text: string): number | undefined {
  const words = countWords(text);
  if (words === 0) return undefined;
  const syllables = termsOf(text).reduce((sum, term) => sum + syllablesOf(term), 0);
  return 206.835 - 1.015 * (words / sentencesOf(text).length) - 84.6 * (syllables / words);
}

/**
 * Syllables of an English word, counted as groups of vowels: a silent final `e`, `es` or `ed` does not count, `-le`
 * after a consonant is one, a word has at least one. Correct for about nine of ten words.
 */
export function syllablesOf(word: string): number {
  // A final e with an accent is pronounced.
  const letters = word
    .toLowerCase()
    .normalize("NFC")
    .replace(/é/g, "ey")
    .normalize("NFD")
    .replace(/\p{M}/gu, "");
  return (
    letters.split(/[^\p{L}]+/u).reduce((sum, part) => sum + (part === "" ? 0 : syllablesOfPart(part)), 0) || 1
  );
}

function syllablesOfPart(part: string): number {
  const pronounced = part.replace(
    /(?<![aeiouytd]|[^aeiouy]l)ed$|(?<![aeiouycgsxz]|[cs]h|[^aeiouy]l)es$|(?<![aeiouy]|[^aeiouy]l)e$/,
    "",
  );
  return Math.max(1, pronounced.match(/[aeiouy]+/g)?.length ?? 0);
}
