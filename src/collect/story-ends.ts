import { escapeRegExp } from "../text/escape-regexp.ts";

/**
 * A text without its author's signature at the end (`– Ana Lima`, `by Ana Lima`, or only the name on the last line);
 * undefined if it has none. Text and author are normalised, and the text has no line breaks, so a name without a dash
 * counts only after the end of a sentence.
 */
export function withoutSignature(text: string, author: string): string | undefined {
  if (author.length < 3) return undefined;
  const name = escapeRegExp(author).replace(/\s+/g, "\\s+");
  const signed = new RegExp(
    `(?:\\s*[–—-]\\s*(?:by\\s+)?|(?<=[.!?…]["')]{0,3})\\s+(?:by\\s+)?)\\(?${name}\\)?\\.?\\s*$`,
    "iu",
  ).exec(text);
  const rest = signed ? text.slice(0, signed.index).trim() : "";
  return rest === "" ? undefined : rest;
}

/** A dash and a name after the last sentence, which may be a signature; undefined if there is none. */
export function mayBeSigned(text: string): string | undefined {
  const [, name] =
    /[.!?…]["')]{0,3} – ((?:\p{Lu}[\p{L}.'’-]*)(?: (?:\p{Lu}[\p{L}.'’-]*|de|del|della|da|di|dos|van|von|der|den|la|le|al|bin)){1,4})$/u.exec(
      text,
    ) ?? [];
  return name;
}

/**
 * Why a story seems to break off: an open quotation, a word or mark that no story ends with, or a link to the rest.
 * `text` is the raw text with its paragraphs: earlier paragraphs of a speech may leave their quotation open, the last
 * one may not.
 */
export function brokenOff(text: string): string | undefined {
  const end = text.trimEnd();
  // Marks of feet and inches are not quotation marks.
  const last = end
    .split(/\n/)
    .at(-1)!
    .replace(/\d+['’]\d+(?:''|"|”|’’)/g, "");
  const count = (mark: RegExp) => last.match(mark)?.length ?? 0;
  // Two apostrophes may also close a quotation.
  const straight = count(/"/g) + count(/''|``/g);
  if (count(/“/g) > count(/”/g) + (straight > 0 ? 1 : 0) || (count(/[“”]/g) === 0 && straight % 2 === 1))
    return "a quotation at its end is still open";
  const link = /[[(](?:…|\.{3}|more|continued)[\])]$|\b(?:read more|continue reading|see more)\W{0,3}$/i.exec(
    end,
  );
  if (link) return `it ends in “${link[0]}”`;
  const mark = /[,;:(]$|(?<=\s)[-–]$/.exec(end);
  if (mark) return `it ends in “${mark[0]}”`;
  const word = /(?<=\s)(?:and|or|but|the|a|an|of|to|with|from|that|which|because|my|his|her|their|our)$/.exec(
    end,
  );
  return word ? `it ends in “${word[0]}”` : undefined;
}

/** Whether a text ends as sentences do: with punctuation or another sign that is not a letter or digit. */
export const endsASentence = (text: string): boolean => !/[\p{L}\p{N}]$/u.test(text.trimEnd());
