/**
 * The number of words of a text: whitespace tokens with a letter or digit of any script, so a dash or heart alone is
 * not a word. "Under 100 words" is counted by this rule everywhere.
 */
export function countWords(text: string): number {
  // One white space at a time: a pattern with `+` needs a stack as deep as the longest token.
  return text.split(/\s/).filter(isWord).length;
}

/** Whether a token counts as a word. */
export const isWord = (token: string): boolean => /[\p{L}\p{N}]/u.test(token);

/**
 * The words of a text, for comparisons: lower case, straight apostrophes, no punctuation around them. `Don’t` and
 * `"don't!"` are one term; `mother-in-law` is one term; a dash without spaces separates two.
 */
export function termsOf(text: string): string[] {
  const plain = text.normalize("NFC").toLowerCase().replace(/[’‘ʼ]/g, "'");
  return plain.match(/[\p{L}\p{N}\p{M}]+(?:['-][\p{L}\p{N}\p{M}]+)*/gu) ?? [];
}
