/**
 * The sentences of a text, trimmed, in order. A sentence ends at its final mark (with closing quotes and brackets) if
 * white space follows, or at the end of a line. It does not end after a title or an initial (`Mrs. Adeyemi`, `J.
 * Park`), or before a small letter (`“Stop!” she said`). Own code, because the runtime's segmenter needs quadratic time
 * and its rules change between versions.
 */
export function sentencesOf(text: string): string[] {
  const sentences: string[] = [];
  let start = 0;
  for (const { 0: end, index } of text.matchAll(ends)) {
    const next = index + end.length;
    if (!partsSentences(end, text.slice(Math.max(0, index - 12), next), text.slice(next, next + 4))) continue;
    sentences.push(text.slice(start, next).trim());
    start = next;
  }
  sentences.push(text.slice(start).trim());
  return sentences.filter((sentence) => sentence !== "");
}

/**
 * Whether a text breaks off: it does not end with a mark that ends a sentence, apart from quotes, brackets and emoji
 * after it. An ellipsis ends a sentence, a dash only before a closing quote (interrupted speech). An empty text is not
 * cut off.
 */
export function endsCutOff(text: string): boolean {
  const whole = text.trimEnd();
  const end = whole
    .slice(-64)
    .replace(/(?:\s|\p{Extended_Pictographic}|\p{Emoji_Modifier}|\uFE0F|\u200D)+$/u, "");
  if (end === "") return whole.length > 64;
  return !/(?:[.!?…。！？।؟۔][\p{Pe}\p{Pf}"'*_]*|[–—-]["”’»])$/u.test(end);
}

/** Every part matches or is optional, so that no place is read twice. */
const ends = /[.!?…。！？।؟۔]+[\p{Pe}\p{Pf}"']*\s*|[\r\n]\s*/gu;

function partsSentences(end: string, before: string, after: string): boolean {
  if (/[\r\n]/.test(end) || /^[。！？]/.test(end)) return true;
  return /\s$/.test(end) && !abbreviation.test(before) && !/^["'“‘(]{0,3}\p{Ll}/u.test(after);
}

const abbreviation =
  /(?:^|[\s(["'“‘])(?:Mr|Mrs|Ms|Mx|Dr|Prof|Rev|Fr|St|Sr|Jr|Sgt|Capt|Lt|Col|Gen|vs|[A-HJ-Z])\.\s*$/u;
