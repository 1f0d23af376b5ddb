/**
 * A generated text up to the model's next title, trimmed. The marker counts on its own line or after white space or
 * punctuation, not inside a word (`Subtitle:`), and only after the story has begun: a chat model may label the given
 * title. An empty marker has no effect. Also removes a marker that was cut off (`\nTit`), and rules and Markdown signs
 * (`---`, `**`, `##`) before the title.
 */
export function untilNextTitle(text: string, marker = "Title:"): string {
  if (marker === "") return text.trim();
  const start = startOfTitle(text, marker);
  if (start >= 0) return withoutRules(text.slice(0, start));
  const trimmed = text.trim();
  const trace = traceOfTitle(trimmed, marker);
  return trace === 0 ? trimmed : withoutRules(trimmed.slice(0, -trace));
}

function startOfTitle(text: string, marker: string): number {
  for (let at = text.indexOf(marker); at >= 0; at = text.indexOf(marker, at + 1)) {
    if (/[\p{L}\p{N}\p{M}]/u.test(characterBefore(text, at))) continue;
    if (/[\p{L}\p{N}]/u.test(text.slice(0, at))) return at;
  }
  return -1;
}

/**
 * The length of an incomplete marker at the end of a text, 0 for none. On its own line any length counts; after a
 * finished sentence at least three letters, because `T` may start any word.
 */
function traceOfTitle(text: string, marker: string): number {
  for (let length = marker.length - 1; length > 0; length--) {
    if (!text.endsWith(marker.slice(0, length))) continue;
    const before = text.slice(Math.max(0, text.length - length - 40), text.length - length);
    const ownLine =
      /(?:^|[\r\n])[ \t*#_>-]{0,8}$/.test(before) && (before.length < 40 || /[\r\n]/.test(before));
    if (ownLine || (length >= 3 && /[.!?…]["'”’)]{0,3}\s{1,8}$/.test(before))) return length;
  }
  return 0;
}

/** Removes lines at the end that have only signs, and signs before the title. */
function withoutRules(text: string): string {
  let end = text.length;
  while (end > 0 && /[\s*#_=~>-]/.test(text[end - 1]!)) end--;
  const tail = text.slice(end);
  // Signs on the story's own last line stay: a closing `*` of emphasis, a dash that breaks off.
  const ownSigns = /^\S*/.exec(tail)![0];
  return (text.slice(0, end) + (/[\r\n]/.test(tail) || ownSigns !== tail ? ownSigns : tail)).trim();
}

/** The whole character before an index, both halves of a surrogate pair. */
function characterBefore(text: string, at: number): string {
  return [...text.slice(Math.max(0, at - 2), at)].at(-1) ?? "";
}
