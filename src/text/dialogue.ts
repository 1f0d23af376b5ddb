import { countWords } from "./words.ts";

/**
 * The dialogue of a text: the parts between double quotes (curly, straight, low or angled, with or without space
 * between two speeches), without the quotes. A quote that is never closed extends to the end of its paragraph. If a
 * text has no double quotes, single ones are read as British dialogue: they open before a word and close after
 * punctuation, so that apostrophes do not count. A title or a scare quote is not dialogue (see `isSpeech`).
 */
export function dialogueOf(text: string): string[] {
  const quoted = doubleQuotes.test(text) ? betweenDoubleQuotes(text) : betweenSingleQuotes(text);
  return quoted
    .filter((quote) => isSpeech(quote, text))
    .map(({ start, end }) => text.slice(start, end).trim())
    .filter((part) => part !== "");
}

/** A quoted part of a text: the places of its first letter and after its last. */
interface Quote {
  readonly start: number;
  readonly end: number;
  readonly closed: boolean;
}

/**
 * Whether a quoted part is spoken. Speech ends with punctuation, is long, is never closed (in a clipped text), fills its paragraph, follows a colon, or is
 * near a verb of speaking; `the so-called “help”` and `she read “Emma”` are none of these.
 */
function isSpeech({ start, end, closed }: Quote, text: string): boolean {
  if (!closed) return true;
  const quoted = text.slice(start, end).trim();
  if (/[.,!?…–—-]$/.test(quoted) || /[.!?…] /.test(quoted) || countWords(quoted) > longestMention)
    return true;
  const opening = Math.max(0, start - 1);
  const before = text
    .slice(Math.max(0, opening - vicinity), opening)
    .split("\n")
    .at(-1)!
    .trimEnd();
  const after = text
    .slice(end + 1, end + 1 + vicinity)
    .split("\n", 1)[0]!
    .trimStart();
  if (before.endsWith(":") || (before === "" && /^[.!?…]?$/.test(after))) return true;
  const near = [...(before.match(words) ?? []).slice(-3), ...(after.match(words) ?? []).slice(0, 4)];
  return near.some((word) => verbsOfSpeaking.has(word.toLowerCase()));
}

/** The characters around a quoted part that are searched for a verb of speaking: more than four words have. */
const vicinity = 200;

/** Titles and scare quotes have few words. */
const longestMention = 8;

const words = /[\p{L}’']+/gu;

const verbsOfSpeaking = new Set(
  `say says said saying ask asks asked reply replies replied answer answered whisper whispers whispered shout shouts
  shouted yell yelled cry cried call called-out murmur murmured mutter muttered tell tells told add added insist
  insisted exclaim exclaimed scream screamed repeat repeated text texted sing sang sage sagt sagte sagten fragt fragte
  rief ruft antwortete antwortet flüsterte flüstert erwiderte schrie meinte`.split(/\s+/),
);

/** The number of words in dialogue. */
export const dialogueWords = (text: string): number =>
  dialogueOf(text).reduce((sum, part) => sum + countWords(part), 0);

/** The share of a text's words in dialogue, 0 to 1. */
export const dialogueShare = (text: string): number =>
  text === "" ? 0 : dialogueWords(text) / Math.max(1, countWords(text));

const doubleQuotes = /["“”„«»]/;

function betweenDoubleQuotes(text: string): Quote[] {
  const spoken: Quote[] = [];
  let start = -1;
  let low = false;
  const close = (end: number, closed = false) => {
    if (start >= 0) spoken.push({ start, end, closed });
    start = -1;
  };
  for (const { 0: mark, index: at } of text.matchAll(/["“”„«»]|\n\s*\n/g)) {
    if (mark[0] === "\n") close(at);
    else if (opens(text, at, start >= 0, low)) {
      // Still open here means that an earlier quote was never closed: it ends where this one begins.
      close(at);
      [start, low] = [at + 1, mark === "„"];
    } else close(at, true);
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

function betweenSingleQuotes(text: string): Quote[] {
  const spoken: Quote[] = [];
  let start = -1;
  for (const { index: at } of text.matchAll(/['‘’]/g)) {
    const [before, after] = [text[at - 1] ?? " ", text[at + 1] ?? " "];
    const closing = text[at] !== "‘" && /[.,!?…–—-]/.test(before) && /[\s–—.,;:!?)]/.test(after);
    if (start >= 0 && closing) {
      spoken.push({ start, end: at, closed: true });
      start = -1;
    } else if (start < 0 && text[at] !== "’" && /[\s([–—]/.test(before) && /[\p{L}\p{N}…]/u.test(after)) {
      start = at + 1;
    }
  }
  return spoken;
}
