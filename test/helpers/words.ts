/** Splits a text at white space. */
export const wordsOf = (text: string): string[] => text.match(/\S+/g) ?? [];
