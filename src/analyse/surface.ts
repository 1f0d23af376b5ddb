import { countWords, termsOf } from "../text/words.ts";

/** Surface features of a text, which can reveal its origin without reading. */
export function surfaceFeatures(text: string, title: string): Record<string, number> {
  const terms = termsOf(text);
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
  const wanted = new Set(termsOf(title).filter((term) => term.length > 3));
  const sentences = Math.max(1, count(/[.!?…]+/g));
  return {
    words: countWords(text),
    letters: text.length,
    "letters a word": terms.reduce((sum, term) => sum + term.length, 0) / Math.max(1, terms.length),
    "words a sentence": terms.length / sentences,
    commas: count(/,/g),
    dashes: count(/[–—-]/g),
    "quotation marks": count(/["“”„«»]/g),
    apostrophes: count(/['’]/g),
    "question and exclamation marks": count(/[?!]/g),
    "colons and semicolons": count(/[:;]/g),
    "line breaks": count(/\n/g),
    digits: count(/\d/g),
    "capital letters": count(/\p{Lu}/gu),
    "different words, share": new Set(terms).size / Math.max(1, terms.length),
    "ends with a full sentence": Number(/[.!?]["”’]?\s*…?\s*$/.test(text.replace(/\s*…\s*$/, ""))),
    "title words in the text": terms.filter((term) => wanted.has(term)).length,
    "words in the title": termsOf(title).length,
  };
}
