/**
 * The sentences of a text, trimmed, in order. Boundaries are Unicode's (UAX 29, as the runtime has them), mended
 * for prose: no sentence ends after a title or an initial (`Mrs. Adeyemi`, `J. Park`), nor where the next begins
 * with a small letter (`“Stop!” she said`).
 */
export function sentencesOf(text: string): string[] {
  const sentences: string[] = [];
  let open = "";
  for (const { segment } of segmenter.segment(text)) {
    if (open && !/[\r\n]$/.test(open) && (endsInAbbreviation(open) || beginsSmall(segment))) open += segment;
    else {
      sentences.push(open.trim());
      open = segment;
    }
  }
  sentences.push(open.trim());
  return sentences.filter((sentence) => sentence !== "");
}

/**
 * Whether a text breaks off: it does not end with a mark that ends a sentence, quotes, brackets and emoji after it
 * aside. An ellipsis ends one, a dash only before a closing quote (speech that is broken off). Nothing is not cut off.
 */
export function endsCutOff(text: string): boolean {
  const end = text.slice(-64).replace(/[\s\p{Extended_Pictographic}\uFE0F\u200D\u{1F3FB}-\u{1F3FF}]+$/u, "");
  if (end === "") return text.trim().length > 64;
  return !/(?:[.!?…。！？।؟۔][\p{Pe}\p{Pf}"'*_]*|[–—-]["”’»])$/u.test(end);
}

const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });

const endsInAbbreviation = (sentence: string): boolean =>
  /(?:^|[\s(["'“‘])(?:Mr|Mrs|Ms|Mx|Dr|Prof|Rev|Fr|St|Sr|Jr|Sgt|Capt|Lt|Col|Gen|vs|No|\p{Lu})\.\s*$/u.test(
    sentence.slice(-16),
  ) && !/(?:^|\s)I\.\s*$/.test(sentence.slice(-16));

const beginsSmall = (sentence: string): boolean => /^[\s"'“‘(]{0,4}\p{Ll}/u.test(sentence);
