import { isWord } from "./words.ts";

export interface Clip {
  /** The first words, then the ending. */
  readonly text: string;
  /** Words kept and words cut off, by the counting rule. */
  readonly words: number;
  readonly cut: number;
}

/**
 * The first `words` words of a text, then `ending`, which is the same for every text, so that the end reveals
 * nothing. Removes punctuation after the last kept word; a quotation that was opened earlier stays open. Always cuts
 * off at least one word, because a complete text would reveal how it ends. Throws RangeError when the text has no
 * more than `words` words, or when `words` is not a positive whole number.
 */
export function clipWords(text: string, words: number, ending = " …"): Clip {
  if (!Number.isInteger(words) || words < 1) throw new RangeError(`a clip keeps at least one word: ${words}`);
  let count = 0;
  let end = 0;
  let start = 0;
  for (const token of text.split(/\s/)) {
    if (isWord(token) && ++count === words) end = start + token.length;
    start += token.length + 1;
  }
  if (count <= words) throw new RangeError(`a clip to ${words} words needs a longer text: it has ${count}`);
  return { text: withoutFinalMarks(text.slice(0, end)).trimStart() + ending, words, cut: count - words };
}

/** A loop, because a pattern with `$` would need quadratic time for a long row of marks. */
function withoutFinalMarks(text: string): string {
  let end = text.length;
  while (end > 0 && finalMark.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/** Punctuation, except what belongs to a word: `100%`, `R&`. All of it is in the basic plane. */
const finalMark = /[^\P{P}%‰&@#]/u;
