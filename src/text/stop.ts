/**
 * A generated text up to where the model begins the next title, trimmed. The marker counts where it starts a
 * title, on a line of its own or after white space or a mark, never inside a word (`Subtitle:`), and only once the
 * story has begun: a chat model may label the title that it was given. An empty marker ends nothing. Where the text
 * ran out in the middle of the marker (`\nTit`) that trace goes too, and so do the rules and Markdown
 * signs (`---`, `**`, `##`) that led up to the title.
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
 * The length of the marker's beginning at the end of a text, 0 for none. On a line of its own any beginning counts;
 * on the line of a finished sentence three letters do, for `T` may begin any word.
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

/** Without the lines at the end that hold only signs, and the signs that opened the line of the title. */
function withoutRules(text: string): string {
  let end = text.length;
  while (end > 0 && /[\s*#_=~>-]/.test(text[end - 1]!)) end--;
  const tail = text.slice(end);
  // Signs on the last line of the story itself are its own: a closing `*` of emphasis, a dash that breaks off.
  const ownSigns = /^\S*/.exec(tail)![0];
  return (text.slice(0, end) + (/[\r\n]/.test(tail) || ownSigns !== tail ? ownSigns : tail)).trim();
}

/** The whole character before an index, both halves of a surrogate pair. */
function characterBefore(text: string, at: number): string {
  return [...text.slice(Math.max(0, at - 2), at)].at(-1) ?? "";
}
