/** Something that was taken away from the edge of a reply, and what it was. */
export interface Removed {
  readonly what:
    | "heading"
    | "title"
    | "label"
    | "introduction"
    | "quotation marks"
    | "block quote"
    | "code fence"
    | "wrapper tag"
    | "rule"
    | "word count"
    | "note"
    | "closing remark"
    | "signature";
  readonly text: string;
}

export interface Cleaned {
  readonly text: string;
  readonly removed: readonly Removed[];
}

/**
 * A story without what models put around it: a heading or a line of its own that repeats the title, `Title:` and
 * `Story:`, "Here is a story …:", quotation marks, a block quote or a fence around the whole, rules, word counts,
 * notes, offers of help and signatures. Only whole known edges go, over and over until none is left; nothing inside
 * the story is touched, and a heading that does not repeat the title stays, for `leftoverOf` to find.
 */
export function cleanStory(raw: string, title: string): Cleaned {
  const removed: Removed[] = [];
  let text = raw.trim();
  for (let found = edgeOf(text, title); found; found = edgeOf(text, title)) {
    removed.push(found.removed);
    text = found.text.trim();
  }
  return { text, removed };
}

interface Edge extends Pick<Cleaned, "text"> {
  readonly removed: Removed;
}

/** Looks at one edge: undefined where it holds nothing that goes. Throws nothing; never empties a text. */
type Look = (text: string, title: string) => Edge | undefined;

function edgeOf(text: string, title: string): Edge | undefined {
  for (const look of looks) {
    const edge = look(text, title);
    if (edge && edge.text.trim() !== "") return edge;
  }
  return undefined;
}

/** What stands before `match` ended goes. */
const withoutStart = (what: Removed["what"], match: RegExpExecArray | null): Edge | undefined =>
  match ? { text: match.input.slice(match[0].length), removed: { what, text: match[0].trim() } } : undefined;

/** What stands from `match` on goes. */
const withoutEnd = (what: Removed["what"], match: RegExpExecArray | null): Edge | undefined =>
  match
    ? { text: match.input.slice(0, match.index), removed: { what, text: match[0].trim().slice(0, 300) } }
    : undefined;

const rule = /^[ \t]*(?:-{3,}|\*{3,}|_{3,}|={3,}|(?:\* ){2,}\*|(?:- ){2,}-|—{2,})[ \t]*$/;

const ruleAtStart: Look = (text) => {
  const [first = "", ...rest] = text.split("\n");
  return rule.test(first)
    ? { text: rest.join("\n"), removed: { what: "rule", text: first.trim() } }
    : undefined;
};

const ruleAtEnd: Look = (text) => {
  const lines = text.split("\n");
  const last = lines.pop()!;
  return rule.test(last)
    ? { text: lines.join("\n"), removed: { what: "rule", text: last.trim() } }
    : undefined;
};

/** ```` ``` ```` or a tag such as `<story>` around the whole. */
const wrapped: Look = (text) => {
  const fence = /^(`{3,}|~{3,})[^\n`]*\n([\s\S]*?)\n?\1$/.exec(text);
  if (fence) return { text: fence[2]!, removed: { what: "code fence", text: fence[1]! } };
  const tag = /^<(story|answer|final|final_answer|output|response|text|result)>([\s\S]*?)(?:<\/\1>|$)/i.exec(
    text,
  );
  if (tag && text.slice(tag[0].length).trim() === "")
    return { text: tag[2]!, removed: { what: "wrapper tag", text: `<${tag[1]}>` } };
  return undefined;
};

/** Marks of emphasis, headings and quotations around a line, which a title is compared without. */
const bare = (line: string): string =>
  line
    .trim()
    .replace(/^(?:#{1,6}[ \t]+|[>\s]+|[*_~`]+)+/, "")
    .replace(/[*_~`#\s]+$/, "")
    .trim();

const unquoted = (text: string): string => text.replace(/^["'“‘«„]+|["'”’»“]+$/g, "");

/** Only letters and digits, in lower case: titles are compared by these. */
const letters = (text: string): string =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "");

const isTitle = (line: string, title: string): boolean =>
  letters(line) !== "" && letters(line) === letters(title);

/** `Title:` with or without emphasis and heading signs; group 1 is what stands after it on its line. */
const titleLabel =
  /^(?:#{1,6}[ \t]+)?[*_]{0,3}(?:the )?title[*_]{0,3}[ \t]*:[ \t]*[*_]{0,3}[ \t]*([^\n]*)(?:\n|$)/i;

const titled: Look = (text, title) => {
  const label = titleLabel.exec(text);
  if (label) {
    // On one line: `Title: The Last Ferry Story: It was …`.
    const oneLine = /^(.*?)[*_ \t]*\b(?:the )?story[*_]{0,3}[ \t]*:/i.exec(label[1]!);
    const name = oneLine ? oneLine[1]! : label[1]!;
    if (!isTitle(name, title)) return undefined;
    const end = oneLine ? label[0].indexOf(label[1]!) + oneLine[1]!.length : label[0].length;
    return { text: text.slice(end), removed: { what: "title", text: text.slice(0, end).trim() } };
  }
  const line = /^([^\n]*)\n/.exec(text);
  if (!line || !isTitle(bare(line[1]!), title)) return undefined;
  const shown = line[1]!.trim();
  const marked = /^(?:#{1,6}[ \t]|[*_]{1,3}\S)/.test(shown);
  // A first sentence may have the words of the title: it ends like a sentence, or is written like one.
  if (!marked && !isHeadline(shown, title)) return undefined;
  return withoutStart(marked ? "heading" : "title", line);
};

/** Whether a line without markup is the title and no sentence: no full stop of its own, and the title's capitals. */
function isHeadline(line: string, title: string): boolean {
  const inside = unquoted(line.replace(/:$/, ""));
  if (/[.!?…,;]["'”’]?$/.test(line) && !/[.!?…]$/.test(title.trim())) return false;
  const plain = (text: string) => text.normalize("NFKC").replace(/[^\p{L}\p{N}]+/gu, "");
  return (
    plain(inside) === plain(title) || (inside === inside.toUpperCase() && inside !== inside.toLowerCase())
  );
}

const labelled: Look = (text) =>
  withoutStart(
    "label",
    /^(?:#{1,6}[ \t]+)?[*_]{0,3}(?:the |my |short |micro-?)?(?:story|text|body|answer|response|assistant)[*_]{0,3}[ \t]*:[*_]{0,3}(?:[ \t]*\n|[ \t]+)/i.exec(
      text,
    ) ?? /^(?:#{1,6}[ \t]+|[*_]{2,3})(?:the )?story[*_]{0,3}[ \t]*\n/i.exec(text),
  );

const speech =
  /^(?:(?:sure|certainly|of course|absolutely|okay|ok|great|understood|got it|gladly|alright)\b[^\n]{0,40}?[!,.:–—-]+[ \t]*)?(?:(?:here(?:['’]s| is| are| goes)|below is|this is|i(?:['’]ve| have) written|let me write|i(?:['’]ll| will) write)\b[^\n]{0,30}?\b(?:story|tale|piece|version|attempt|draft|vignette|narrative|response|answer)\b[^\n]{0,160}?)?[:.!][ \t]*(?:\n|$)/i;

/** "Sure! Here is a very short story titled …:" on a line of its own; a story of somebody's grandmother is none. */
const introduced: Look = (text) => {
  const match = speech.exec(text);
  if (!match || match[0].trim().length < 4) return undefined;
  const said = match[0].trim();
  const agrees =
    /^(?:sure|certainly|of course|absolutely|okay|ok|great|understood|got it|gladly|alright)\b/i.test(said);
  const offers =
    /\b(?:titled|entitled|called|for you|as requested|you (?:asked|requested)|based on|inspired by|(?:with|to|for|under) the title|in (?:about|around|under|exactly)|\d+[ -]words?|words?)\b/i;
  const plain = /\b(?:story|tale|vignette|response|answer|draft)[ \t]*[:.!][ \t]*$/i;
  return (agrees && /\b(?:story|title|tale|request)\b/i.test(said)) ||
    /^(?:sure|certainly|of course|absolutely)[!.,:]$/i.test(said) ||
    (!agrees && said.endsWith(":") && (offers.test(said) || plain.test(said)))
    ? withoutStart("introduction", match)
    : undefined;
};

const pairs: readonly (readonly [string, string])[] = [
  ['"', '"'],
  ["“", "”"],
  ["«", "»"],
  ["「", "」"],
  ["‘", "’"],
];

/**
 * Quotation marks around the whole. A story that begins and ends with speech has them too: there the second mark
 * closes what the first one opened.
 */
const quoted: Look = (text) => {
  const pair = pairs.find(
    ([open, close]) => text.startsWith(open) && text.endsWith(close) && text.length > 1,
  );
  if (!pair) return undefined;
  const inside = text.slice(1, -1);
  return wrapsWhole(inside, pair)
    ? { text: inside, removed: { what: "quotation marks", text: pair.join("…") } }
    : undefined;
};

function wrapsWhole(inside: string, [open, close]: readonly [string, string]): boolean {
  if (open !== close) {
    let depth = 1;
    for (const sign of inside) {
      if (sign === open) depth++;
      // An apostrophe is written like the closing mark.
      else if (sign === close && close !== "’") depth--;
      if (depth === 0) return false;
    }
    return close !== "’" || !/[.,!?…]’/.test(inside);
  }
  const marks = [...inside.matchAll(/"/g)].map(({ index }) => index);
  if (marks.length === 0) return true;
  const opens = (at: number) => /^$|[\s([–—-]/.test(inside[at - 1] ?? "") && /\S/.test(inside[at + 1] ?? "");
  const closes = (at: number) =>
    /\S/.test(inside[at - 1] ?? "") && /^$|[\s)\].,;:!?–—-]/.test(inside[at + 1] ?? "");
  return marks.length % 2 === 0 && opens(marks[0]!) && closes(marks.at(-1)!);
}

const blockQuoted: Look = (text) => {
  const lines = text.split("\n");
  if (!lines.every((line) => line.trim() === "" || /^[ \t]*>/.test(line))) return undefined;
  return {
    text: lines.map((line) => line.replace(/^[ \t]*>[ \t]?/, "")).join("\n"),
    removed: { what: "block quote", text: ">" },
  };
};

/** `(Word count: 98)`, `[98 words]`, `**Words:** 98` at the end, alone on its line or in brackets. */
const wordCount: Look = (text) =>
  withoutEnd(
    "word count",
    /(?:^|\n)[ \t]*[*_([{-]{0,4}[ \t]*(?:total )?(?:word[ -]?count|words|length)[*_]{0,3}[ \t]*[:=–-][ \t]*[*_]{0,3}[ \t]*(?:about |approximately |approx\.? |~|≈)?\d+(?:[ \t]*words?)?[ \t]*[.*_)\]}]{0,4}[ \t]*$/i.exec(
      text,
    ) ??
      /(?:^|\n)[ \t]*[*_([{]{0,4}[ \t]*(?:about |approximately |approx\.? |exactly |~|≈)?\d+[ \t]*words?(?: (?:total|exactly|long))?[ \t]*[.*_)\]}]{0,4}[ \t]*$/i.exec(
        text,
      ) ??
      /[ \t]+[*_]{0,2}[([](?:total )?(?:word[ -]?count|words|length)[ \t]*[:=][ \t]*~?\d+(?: words?)?[)\]][*_]{0,2}[ \t]*$/i.exec(
        text,
      ) ??
      /[ \t]+[*_]{0,2}[([](?:about |approximately |~)?\d+ words[)\]][*_]{0,2}[ \t]*$/i.exec(text),
  );

const about =
  /\b(?:words?|word count|story|stories|title|prompt|request|requested|example|instructions?|genre|tone|draft)\b/i;

/** A last paragraph that comments: `*Note: …*`, `(Note: …)`, or `Note: …` that speaks of the story or its length. */
const noted: Look = (text) => {
  const match =
    /(?:^|\n)[ \t]*(?:[-*_=]{3,}[ \t]*\n\s*)?([*_([]{0,4})(?:author['’]s |writer['’]s |editor['’]s )?(?:note|notes|p\.?s\.?|disclaimer|explanation|comment|comments)[*_]{0,3}[ \t]*:[^\n]*(?:\n(?!\s*\n)[^\n]*)*$/i.exec(
      text,
    );
  if (!match) return undefined;
  const said = match[0];
  const afterRule = /^\s*[-*_=]{3,}[ \t]*\n/.test(said);
  const set = /^\s*(?:[-*_=]{3,}[ \t]*\n\s*)?[*_([]/.test(said);
  return afterRule || (set && /[*_)\]]\s*$/.test(said)) || about.test(said)
    ? withoutEnd("note", match)
    : undefined;
};

/** "Let me know if you would like changes." as a last paragraph. */
const offered: Look = (text) =>
  withoutEnd(
    "closing remark",
    /\n\s*[*_(]{0,3}(?:(?:please )?let me know (?:if|what|whether)|would you like (?:me|another|a different|to)|i hope (?:you (?:enjoy|like)|this (?:story|helps|meets|works|fits|captures))|feel free to|this (?:short |very short |tiny |little )?(?:story|piece|version|tale) (?:captures|is|has|uses|explores|aims|reflects|contains|follows|stays|keeps|meets|comes in))\b[^\n]*$/i.exec(
      text,
    ),
  );

/** `– Claude`, `By [Your Name]` on the last line. A line of speech after a dash ends like a sentence. */
const signed: Look = (text) =>
  withoutEnd(
    "signature",
    /\n[ \t]*[*_(]{0,3}(?:[–—~]|--?)[ \t]*(?:\p{Lu}(?:\.|[\p{L}\p{M}'’-]*))(?:[ \t]+(?:(?:de|van|von|of|the|la|le|di|da|bin)[ \t]+)?\p{Lu}(?:\.|[\p{L}\p{M}\d'’-]*)){0,4}[*_)]{0,3}[ \t]*$/u.exec(
      text,
    ) ??
      /\n[ \t]*[*_]{0,3}(?:[–—~-]{1,2}[ \t]*|(?:written )?by[ \t]+)?\[[^\]\n]{2,30}\][*_]{0,3}[ \t]*$/i.exec(
        text,
      ) ??
      /\n[ \t]*[*_]{0,3}(?:written )by[ \t]+[^\n.]{2,40}$/i.exec(text),
  );

const looks: readonly Look[] = [
  wrapped,
  blockQuoted,
  ruleAtStart,
  ruleAtEnd,
  titled,
  labelled,
  introduced,
  wordCount,
  noted,
  offered,
  signed,
  quoted,
];

/** What makes a text show where it came from, and no cleaning takes away. */
export interface Leftover {
  readonly what: "tag" | "template token" | "entity" | "heading" | "title line" | "label";
  /** As it stands in the text, shortened. */
  readonly found: string;
}

const tagNames =
  "a|abbr|article|aside|b|big|blockquote|body|br|center|code|dd|del|div|dl|dt|em|font|footer|h[1-6]|head|header|hr|html|i|img|ins|li|main|mark|ol|p|pre|q|s|script|section|small|span|strike|strong|style|sub|sup|table|tbody|td|th|tr|tt|u|ul|story|answer|final|output|response|title|think|thinking|thought|thoughts|reasoning|reflection|scratchpad|analysis|instructions?|prompt|user|assistant|system";

const signsOfLeftover: readonly (readonly [Leftover["what"], RegExp])[] = [
  [
    "template token",
    /<\|[^|<>\n]{1,40}\|>|\[\/?(?:INST|THINK)\]|<(?:start|end)_of_turn>|<(?:eos|bos|\/s)>|◁\/?think▷/,
  ],
  [
    "tag",
    new RegExp(
      `</?(?:${tagNames})(?:\\s+[\\w:-]+(?:\\s*=\\s*(?:"[^"<>]*"|'[^'<>]*'|[^\\s"'<>]+))?)*\\s*/?>|<!--`,
      "i",
    ),
  ],
  ["entity", /&(?:[a-z]{2,8}\d?|#\d{2,6}|#x[\da-f]{2,6});/i],
  ["heading", /^[ \t]*#{1,6}[ \t]+\S[^\n]*$/m],
  ["label", /^[ \t]*(?:#{1,6}[ \t]+)?[*_]{0,3}(?:title|story)[*_]{0,3}[ \t]*:/im],
];

/**
 * The first thing in a text that would tell a reader where it came from: a tag, a template token, an HTML entity, a
 * heading, or a first line that is the title. `allowed` strings are passed over. Undefined for a text without.
 */
export function leftoverOf(
  text: string,
  title: string,
  allowed: readonly string[] = [],
): Leftover | undefined {
  for (const [what, sign] of signsOfLeftover) {
    const flags = sign.flags.includes("g") ? sign.flags : `${sign.flags}g`;
    const match = [...text.matchAll(new RegExp(sign.source, flags))].find(
      ([found]) => !allowed.some((each) => found.includes(each)),
    );
    if (match) return { what, found: shortened(match[0]) };
  }
  const again = titled(text.trim(), title);
  if (again && !allowed.includes(again.removed.text))
    return { what: "title line", found: shortened(again.removed.text) };
  const bold = /^\s*([*_]{2,3})([^*_\n]{1,80})\1[ \t]*\n/.exec(text);
  if (bold && !allowed.includes(bold[0].trim())) return { what: "heading", found: shortened(bold[0].trim()) };
  return undefined;
}

const shortened = (text: string): string =>
  text.trim().length > 40 ? `${text.trim().slice(0, 39)}…` : text.trim();
