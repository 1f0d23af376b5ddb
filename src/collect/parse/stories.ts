import { type Block, type Run, textOf } from "./blocks.ts";

/** A story in a post. */
export interface PostStory {
  readonly title: string;
  /** Paragraphs, one per line. Empty for a title without a story. */
  readonly text: string;
  readonly author: string;
  readonly place: string;
  readonly reprint: boolean;
  /** The reprint's note: `originally published on June 5, 2019`. */
  readonly note: string;
}

/**
 * The stories of a post: a heading, then paragraphs, the last of which ends in a dash and the author. Text before the
 * first heading and after an author belongs to the page.
 */
export function storiesOf(blocks: readonly Block[]): PostStory[] {
  const headings = withHeadings(blocks);
  const sections: { title: string; paragraphs: Block[] }[] = [];
  for (const block of headings) {
    if (block.kind === "heading") sections.push({ title: withSingleSpaces(textOf(block)), paragraphs: [] });
    else sections.at(-1)?.paragraphs.push(block);
  }
  return sections.filter(isStory).map(({ title, paragraphs }) => ({ title, ...bodyOf(paragraphs) }));
}

/** Some pages have titles as bold paragraphs; they count as headings if there is no other. */
function withHeadings(blocks: readonly Block[]): readonly Block[] {
  if (blocks.some(({ kind }) => kind === "heading")) return blocks;
  return blocks.map((block) =>
    block.bold && withSingleSpaces(textOf(block)).split(" ").length <= 12
      ? { ...block, kind: "heading" }
      : block,
  );
}

/** A heading with only pointers to other pages (`More from ...`) is not a story's. */
function isStory({ title, paragraphs }: { title: string; paragraphs: readonly Block[] }): boolean {
  if (paragraphs.length === 0) return !/^(more|read|related|want more|see also|listen)\b/i.test(title);
  return !paragraphs.every(isPointer);
}

const isPointer = (block: Block): boolean =>
  block.linked ||
  /\b(?:nytimes\.com|modernlove@|sign up for|our newsletter|want more\b|submit (?:your|yours|a)\b|submission)/i.test(
    textOf(block),
  );

type Body = Omit<PostStory, "title">;

function bodyOf(paragraphs: readonly Block[]): Body {
  const notes = paragraphs.map((paragraph) => withoutNote(paragraph.runs));
  const tails = notes.map(({ runs }) => tailOf(runs));
  const last = tails.findLastIndex((tail) => tail !== undefined);
  // Without an author the story ends at the next heading, without the pointers at its end.
  const end = last >= 0 ? last : paragraphs.findLastIndex((paragraph) => !isPointer(paragraph));
  const lines = notes
    .slice(0, end + 1)
    .map(({ runs }, at) => withSingleSpaces(at === last ? tails[last]!.text : textOf({ runs })));
  const note = notes.map((each) => each.note).find((found) => found !== "") ?? "";
  const { name, place } = last >= 0 ? signatureOf(tails[last]!.signature) : { name: "", place: "" };
  return { text: lines.filter(Boolean).join("\n"), author: name, place, reprint: note !== "", note };
}

/** In characters; longer paragraphs are not searched for a signature, which would be slow. */
const longestParagraph = 5_000;

/** Reprints end in a note in brackets, inside or after the author's italics. */
function withoutNote(runs: readonly Run[]): { runs: readonly Run[]; note: string } {
  const text = textOf({ runs });
  if (text.length > longestParagraph) return { runs, note: "" };
  const found =
    /\s*[([]?\s*((?:first|originally)\s+(?:published|appeared)\b[^()[\]]{0,120}?)\.?\s*[)\]]?\.?\s*$/i.exec(
      text,
    );
  if (!found) return { runs, note: "" };
  return { runs: cut(runs, found.index), note: withSingleSpaces(found[1]!) };
}

interface Tail {
  readonly text: string;
  readonly signature: string;
}

const dashAtEnd = /\s*(?:[—–―⸺]|--+|(?<=[\s.?!"'”’])-)\s*$/;
const dashAtStart = /^\s*(?:[—–―⸺]|--+|-)\s*/;

/** Splits a paragraph into its text and its author's signature; undefined if there is none. */
function tailOf(runs: readonly Run[]): Tail | undefined {
  const whole = textOf({ runs }).trimEnd();
  if (whole.length > longestParagraph) return undefined;
  const last = lastItalics(runs);
  if (last) {
    const before = textOf({ runs: runs.slice(0, last.start) });
    const italics = textOf({ runs: runs.slice(last.start, last.end) });
    const dashed = dashAtEnd.test(before) || dashAtStart.test(italics);
    if (italics.trim().length <= 120 && (dashed || isUndashedAuthor(before, italics))) {
      return { text: before.replace(dashAtEnd, ""), signature: italics.replace(dashAtStart, "") };
    }
  }
  // The author may not be in italics: then it is what follows the last dash, if that is a name and not a clause.
  const plain = /^([\s\S]*(?:[.?!…]["'”’)]*|^))\s*(?:[—–―⸺]|--+)\s*([^—–―⸺]{2,80})$/.exec(whole);
  return plain && looksLikeName(plain[2]!) ? { text: plain[1]!, signature: plain[2]! } : undefined;
}

/** The runs of the italics at the paragraph's end; white space and a full stop after them are ignored. */
function lastItalics(runs: readonly Run[]): { readonly start: number; readonly end: number } | undefined {
  let end = runs.length;
  while (end > 0 && !runs[end - 1]!.italic && /^[\s.]*$/.test(runs[end - 1]!.text)) end -= 1;
  let start = end;
  while (start > 0 && (runs[start - 1]!.italic || runs[start - 1]!.text.trim() === "")) start -= 1;
  while (start < end && !runs[start]!.italic) start += 1;
  return start < end ? { start, end } : undefined;
}

/** An author without a dash: a name in italics, alone or after a finished sentence. */
const isUndashedAuthor = (before: string, italics: string): boolean =>
  /(?:^|[.?!…]["'”’)]*)\s*$/.test(before) && looksLikeName(italics);

/** One to six words, the first and last capitalised, without the end of a sentence (except initials and `Jr.`). */
function looksLikeName(text: string): boolean {
  const [name = ""] = text.trim().split(",");
  const words = name.split(/\s+/);
  const capital = /^[("“]?\p{Lu}/u;
  return (
    words.length <= 6 &&
    capital.test(words[0]!) &&
    capital.test(words.at(-1)!) &&
    !/[?!…:;]/.test(text) &&
    !/\p{L}{4,}\.\s*$/u.test(text)
  );
}

/** `Ana Lima, Porto, Portugal` is an author and a place; `Jr.` and degrees belong to the name. */
function signatureOf(signature: string): { name: string; place: string } {
  const [name = "", ...rest] = withSingleSpaces(signature)
    .replace(/^[(]|[)]$/g, "")
    .split(/\s*,\s*/);
  const title = rest[0] !== undefined && /^(?:jr|sr|ii|iii|iv|m\.?d|ph\.?d|esq)\.?$/i.test(rest[0]);
  return {
    name: title ? `${name}, ${rest[0]}` : name,
    place: rest.slice(title ? 1 : 0).join(", "),
  };
}

/** The runs of the first `length` characters. */
function cut(runs: readonly Run[], length: number): Run[] {
  const kept: Run[] = [];
  let left = length;
  for (const run of runs) {
    if (left <= 0) break;
    kept.push({ ...run, text: run.text.slice(0, left) });
    left -= run.text.length;
  }
  return kept;
}

const withSingleSpaces = (text: string): string => text.replace(/\s+/g, " ").trim();
