import { countWords } from "./words.ts";

/**
 * The dialogue of a text: the parts between double quotes (curly, straight, low or angled, with or without space
 * between two speeches), without the quotes. A quote that is never closed extends to the end of its paragraph. If a
 * text has no double quotes, single ones are read as British dialogue: they open before a word and close after
 * punctuation, so that apostrophes do not count.
 */
export function dialogueOf(text: string): string[] {
  const spoken = doubleQuotes.test(text) ? betweenDoubleQuotes(text) : betweenSingleQuotes(text);
  return spoken.map((part) => part.trim()).filter((part) => part !== "");
}

/** The number of words in dialogue. */
export const dialogueWords = (text: string): number =>
  dialogueOf(text).reduce((sum, part) => sum + countWords(part), 0);

/** The share of a text's words in dialogue, 0 to 1. */
export const dialogueShare = (text: string): number =>
  text === "" ? 0 : dialogueWords(text) / Math.max(1, countWords(text));

const doubleQuotes = /["“”„«»]/;

function betweenDoubleQuotes(text: string): string[] {
  const spoken: string[] = [];
  let start = -1;
  let low = false;
  const close = (end: number) => {
    if (start >= 0) spoken.push(text.slice(start, end));
    start = -1;
  };
  for (const { 0: mark, index: at } of text.matchAll(/["“”„«»]|\n\s*\n/g)) {
    if (mark[0] === "\n") close(at);
    else if (opens(text, at, start >= 0, low)) {
      // Still open here means that an earlier quote was never closed: it ends where this one begins.
      close(at);
      [start, low] = [at + 1, mark === "„"];
    } else close(at);
  }
  close(text.length);
  return spoken;
}

function opens(text: string, at: number, open: boolean, low: boolean): boolean {
  const mark = text[at]!;
  if (mark === "„") return true;
  if (mark === "”") return false;
  if (mark === "“") return !(open && low);
  const beforeWord = /[^\s.,;:!?)\]–—]/.test(text[at + 1] ?? " ");
  const afterBlank = at === 0 || /[\s([–—]/.test(text[at - 1]!);
  if (open) return mark === '"' && afterBlank && beforeWord;
  // A sign of inches directly follows its number.
  return !(mark === '"' && /\d/.test(text[at - 1] ?? ""));
}

function betweenSingleQuotes(text: string): string[] {
  const spoken: string[] = [];
  let start = -1;
  for (const { index: at } of text.matchAll(/['‘’]/g)) {
    const [before, after] = [text[at - 1] ?? " ", text[at + 1] ?? " "];
    const closing = text[at] !== "‘" && /[.,!?…–—-]/.test(before) && /[\s–—.,;:!?)]/.test(after);
    if (start >= 0 && closing) {
      spoken.push(text.slice(start, at));
      start = -1;
    } else if (start < 0 && text[at] !== "’" && /[\s([–—]/.test(before) && /[\p{L}\p{N}…]/u.test(after)) {
      start = at + 1;
    }
  }
  return spoken;
}
