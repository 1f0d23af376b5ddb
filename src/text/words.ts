/**
 * How many words a text has: whitespace tokens that hold a letter or a digit of any script, so that a dash or a
 * heart that stands alone is no word. The rule by which "under 100 words" is counted everywhere.
 */
export function countWords(text: string): number {
  let count = 0;
  for (const [word] of text.matchAll(/\S+/g)) if (isWord(word)) count++;
  return count;
}

/** Whether a token counts as a word. */
export const isWord = (token: string): boolean => /[\p{L}\p{N}]/u.test(token);

/**
 * The words of a text for comparing: lower case, straight apostrophes, no punctuation around them. `Don’t` and
 * `"don't!"` are one term; `mother-in-law` is one term; a dash without spaces parts two.
 */
export function termsOf(text: string): string[] {
  const plain = text.normalize("NFC").toLowerCase().replace(/[’‘ʼ]/g, "'");
  return plain.match(/[\p{L}\p{N}\p{M}]+(?:['-][\p{L}\p{N}\p{M}]+)*/gu) ?? [];
}
