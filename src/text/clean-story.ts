/** Something that was removed from the start or end of a reply. */
export interface Removed {
  readonly what:
    | "heading"
    | "title"
    | "label"
    | "byline"
    | "introduction"
    | "quotation marks"
    | "block quote"
    | "code fence"
    | "JSON"
    | "wrapper tag"
    | "rule"
    | "word count"
    | "tags"
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
 * Removes what models put around a story: a heading or line that repeats the title, `Title:` and `Story:`, "Here is a
 * story …:", quotation marks, a block quote, a code fence or a tag around everything, rules, word counts, notes,
 * offers of help and signatures. Removes only known parts at the start and end, until none is left; the inside of the
 * story stays as it is, and a heading that does not repeat the title stays for `leftoverOf`. Linear in the length of
 * the text. Of an incomplete text (`growing`) only the start is cleaned.
 */
export function cleanStory(raw: string, title: string, { growing = false } = {}): Cleaned {
  const removed: Removed[] = [];
  let text = raw.trim();
  for (let round = 0; round < mostRounds; round++) {
    const found = edgeOf(text, title, removed, growing ? startFinders : finders);
    if (!found) break;
    removed.push(found.removed);
    text = found.text.trim();
  }
  return { text, removed };
}

/** More rounds than any reply needs. */
const mostRounds = 24;

interface Edge extends Pick<Cleaned, "text"> {
  readonly removed: Removed;
}

/** Finds one thing to remove at the start or end; undefined if there is none. */
type EdgeFinder = (text: string, title: string) => Edge | undefined;

function edgeOf(
  text: string,
  title: string,
  before: readonly Removed[],
  by: typeof finders,
): Edge | undefined {
  for (const [look, once] of by) {
    const edge = look(text, title);
    if (!edge || edge.text.trim() === "") continue;
    if (once && before.some(({ what }) => what === edge.removed.what)) continue;
    return edge;
  }
  return undefined;
}

/** How many characters from the start and end are searched; introductions and notes are not longer. */
const searchedLength = 1200;

/** A match at the start of a text, by an expression that starts with `^`. */
const atStart = (expression: RegExp, text: string): RegExpExecArray | null =>
  expression.exec(text.slice(0, searchedLength));

const withoutStart = (
  what: Removed["what"],
  text: string,
  match: RegExpExecArray | null,
): Edge | undefined =>
  match ? { text: text.slice(match[0].length), removed: { what, text: match[0].trim() } } : undefined;

interface AtEnd {
  readonly index: number;
  readonly found: string;
}

/** A match at the end of a text, by an expression that begins with a line break and ends with `$`. */
function atEnd(expression: RegExp, text: string): AtEnd | undefined {
  const from = Math.max(0, text.length - searchedLength);
  const match = expression.exec(text.slice(from));
  return match ? { index: from + match.index, found: match[0] } : undefined;
}

const withoutEnd = (what: Removed["what"], text: string, match: AtEnd | undefined): Edge | undefined =>
  match
    ? { text: text.slice(0, match.index), removed: { what, text: match.found.trim().slice(0, 300) } }
    : undefined;

const ruleLine = "[ \\t]*(?:-{3,}|\\*{3,}|_{3,}|={3,}|#{3,}|(?:\\* ){2,}\\*|(?:- ){2,}-|—{2,})[ \\t]*";
const rulesAtStart = new RegExp(`^(?:${ruleLine}\\n\\s{0,20})+`);
const rulesAtEnd = new RegExp(`(?:\\n\\s{0,20}${ruleLine})+$`);

const rulesBefore: EdgeFinder = (text) => withoutStart("rule", text, atStart(rulesAtStart, text));

/** ```` ``` ````, a tag such as `<story>` or JSON around the whole. */
const wrapped: EdgeFinder = (text) => {
  const fence = /^(`{3,}|~{3,})[^\n`]{0,40}\n/.exec(text);
  if (fence) {
    const inside = text.slice(fence[0].length);
    const rest = inside.endsWith(fence[1]!) ? inside.slice(0, -fence[1]!.length) : inside;
    if (!rest.includes(fence[1]!)) return { text: rest, removed: { what: "code fence", text: fence[1]! } };
  }
  const tag = /^<([a-z][\w-]*)(?:\s[^<>\n]{0,200})?>/i.exec(text);
  if (tag) {
    const close = `</${tag[1]}>`;
    const inside = text.slice(tag[0].length);
    const rest = inside.toLowerCase().endsWith(close.toLowerCase())
      ? inside.slice(0, -close.length)
      : undefined;
    const cut =
      rest === undefined &&
      /story|answer|output|response|final|text/i.test(tag[1]!) &&
      !inside.includes("</");
    if (rest !== undefined || cut)
      return { text: rest ?? inside, removed: { what: "wrapper tag", text: tag[0].slice(0, 80) } };
  }
  return jsonAround(text);
};

/** `{"title": …, "story": …}`: the story is in its field. */
function jsonAround(text: string): Edge | undefined {
  if (!/^(?:\{|\[\s{0,20}\{)/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const object = (Array.isArray(value) ? value[0] : value) as Record<string, unknown> | null;
    const field = ["story", "text", "content", "body", "answer"].find(
      (each) => typeof object?.[each] === "string",
    );
    return field
      ? { text: String(object![field]), removed: { what: "JSON", text: `"${field}"` } }
      : undefined;
  } catch {
    return undefined;
  }
}

/** A line without marks of emphasis, headings and quotations, and without a word count. */
const bare = (line: string): string =>
  line
    .trim()
    .replace(/^(?:#{1,6}[ \t]+|[>\s]+|[*_~`]+)+/, "")
    .replace(/[ \t]*[*_]{0,3}[([]\d+ words?[)\]]$/i, "")
    .replace(/[*_~`#\s]+$/, "")
    .trim();

/** Only letters and digits, in lower case: titles are compared by these. */
const letters = (text: string): string =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "");

const isTitle = (line: string, title: string): boolean =>
  letters(line) !== "" && letters(line) === letters(title);

const titleWords =
  "(?:the |story |short story )?(?:title|titel|título|titulo|titre|titolo|заголовок|название|标题|標題|タイトル|제목)";
/** `Title:` with or without emphasis and heading signs; group 1 is what follows on its line. */
const titleLabel = new RegExp(
  `^(?:#{1,6}[ \\t]+)?[*_]{0,3}${titleWords}[*_]{0,3}[ \\t]*(?:[:：=]|[-–—](?=[ \\t])|(?=["“«]))[ \\t]*[*_]{0,3}[ \\t]*([^\\n]*)(?:\\n|$)`,
  "i",
);

const titled: EdgeFinder = (text, title) => {
  const label = atStart(titleLabel, text);
  if (label) return afterLabel(text, title, label);
  return onItsLine(text, title) ?? beforeText(text, title);
};

function afterLabel(text: string, title: string, label: RegExpExecArray): Edge | undefined {
  // On one line: `Title: The Last Ferry Story: It was …`.
  const oneLine = /^(.*?)[*_ \t]*\b(?:the )?story[*_]{0,3}[ \t]*:/i.exec(label[1]!);
  if (!isTitle(bare(oneLine ? oneLine[1]! : label[1]!), title)) return undefined;
  const end = oneLine ? label[0].indexOf(label[1]!) + oneLine[1]!.length : label[0].length;
  return { text: text.slice(end), removed: { what: "title", text: text.slice(0, end).trim() } };
}

/** A first line that is the title: marked as a heading, or plain with an empty line below. */
function onItsLine(text: string, title: string): Edge | undefined {
  const line = atStart(/^([^\n]*)\n/, text);
  if (!line) return undefined;
  const shown = line[1]!.trim();
  const marked = /^(?:#{1,6}[ \t]|[*_]{1,3}\S)/.test(shown);
  const whole = bare(shown);
  const subtitled = /^([^:\n]{2,80}):[ \t]+[^\n:.!?]{2,50}$/.exec(whole);
  if (!isTitle(whole, title) && !(subtitled && isTitle(subtitled[1]!, title))) return undefined;
  if (marked) return withoutStart("heading", text, line);
  const next = text.slice(line[0].length);
  // A first sentence may consist of the title's words: then it continues below, or ends like a sentence.
  const underlined = /^[ \t]*[-=]{3,}[ \t]*\n/.test(next) || /^[*_]{0,3}(?:written )?by:?[ \t]/i.test(next);
  if (underlined) return withoutStart("heading", text, line);
  if (!/^[ \t]*\n/.test(next) || /^\s*["“'‘]?\p{Ll}/u.test(next.slice(0, 200))) return undefined;
  return isHeadline(shown, title) ? withoutStart("title", text, line) : undefined;
}

const words = (text: string): string[] => text.match(/[\p{L}\p{N}]+/gu) ?? [];

/** Whether a plain line is the title and not a sentence, by its capitals and its end. */
function isHeadline(line: string, title: string): boolean {
  const exact = words(line.split(":")[0]!).join(" ") === words(title).join(" ");
  const capitals = words(title).filter((word) => /^\p{Lu}/u.test(word)).length;
  if (/[!?…,;]["'”’]?$/.test(line)) return false;
  if (/\.["'”’]?$/.test(line)) return exact && capitals >= 2;
  const allCapitals = line === line.toUpperCase() && line !== line.toLowerCase();
  return exact || allCapitals || words(title).length >= 2;
}

/** The title before the text on its line: in bold, or as it is written with a colon after it. */
function beforeText(text: string, title: string): Edge | undefined {
  const bold = atStart(/^([*_]{2,3})([^*_\n]{1,120}?)[:.]?\1[ \t]*[:–—-]?[ \t]+(?=\S)/, text);
  if (bold && isTitle(bold[2]!, title)) return withoutStart("title", text, bold);
  const plain = atStart(/^([^:\n]{3,120}):[ \t]+(?=["“]?\p{Lu})/u, text);
  const capitals = words(title).filter((word) => /^\p{Lu}/u.test(word)).length;
  return plain && capitals >= 2 && words(plain[1]!).join(" ") === words(title).join(" ")
    ? withoutStart("title", text, plain)
    : undefined;
}

const titleAtEnd: EdgeFinder = (text, title) => {
  const last = atEnd(/\n[ \t]*(?:#{1,6}[ \t]+[^\n]+|[*_]{2,3}[^*_\n]+[*_]{2,3})[ \t]*$/, text);
  return last && isTitle(bare(last.found), title) ? withoutEnd("heading", text, last) : undefined;
};

/** `Story:` before the text, or a label alone on its line. */
const labelled: EdgeFinder = (text) =>
  withoutStart(
    "label",
    text,
    atStart(
      /^(?:#{1,6}[ \t]+)?[*_]{0,3}(?:(?:(?:final|short|my|your|micro-?) )?story|geschichte|historia|histoire|故事)[*_]{0,3}[ \t]*[:：][*_]{0,3}\s{1,20}/i,
      text,
    ) ??
      atStart(
        /^(?:#{1,6}[ \t]+)?[*_]{0,3}(?:the |final |my )?(?:story|text|body|answer|response|assistant|output|draft|final|ai|claude|gemini|chatgpt)[*_]{0,3}[ \t]*[:：][*_]{0,3}[ \t]*\n/i,
        text,
      ) ??
      atStart(/^assistant[ \t]*\n/, text) ??
      atStart(/^(?:#{1,6}[ \t]+|[*_]{2,3})(?:the |final |short )?story[*_]{0,3}[ \t]*\n/i, text),
  );

const machines =
  "(?:chat ?gpt|gpt-?\\d[\\w.-]*|claude|gemini|llama|mistral|qwen|deepseek|an? (?:ai|language model))";

const bylined: EdgeFinder = (text) =>
  withoutStart(
    "byline",
    text,
    atStart(
      new RegExp(
        `^[*_(]{0,3}(?:a story |written )?by:?[ \\t]+(?:${machines}[^\\n]{0,30}|\\[[^\\]\\n]{2,30}\\])[*_)]{0,3}[ \\t]*\\n`,
        "i",
      ),
      text,
    ),
  );

const agreement =
  "(?:sure(?: thing)?|certainly|of course|absolutely|okay|ok|great|understood|got it|gladly|alright|with pleasure|no problem)";
const courtesy = `(?:${agreement}|what an? [^.!?:\\n]{1,60}|thank(?:s| you)[^.!?:\\n]{0,60}|i(?:['’]d| would) (?:be (?:happy|glad|delighted)|love) to[^.!?:\\n]{0,80}|as (?:you )?requested)`;
/** Text without the end of a sentence, except inside quotation marks. */
const run = (most: number) => `(?:[^.!?:\\n"“”]|["“][^"”\\n]{1,90}["”]){0,${most}}?`;
const work =
  "(?:micro-?story|flash fiction|story|stories|tale|vignette|narrative|piece|version|attempt|draft|response|answer|take|one)";
const offer = `(?:here(?:['’]s| is| are)|below is|i(?:['’]ve| have) written|let me (?:write|share)|i(?:['’]ll| will) write)\\b${run(30)}\\b${work}\\b${run(110)}`;

const courteous = new RegExp(`^(?:${courtesy}[!.,:–—-]+[ \\t]*)+$`, "i");
const offering = new RegExp(`^((?:${courtesy}[!.,–—-]+[ \\t]*)*)(${offer})[:.!]$`, "i");
const otherwise = [
  /^here (?:it is|you go|we go)[:.!]$/i,
  /^(?:sure|certainly|of course|absolutely)!$/i,
  /^(?:as (?:you )?requested, )?(?:here is |below is )?an? (?:\d+|one hundred|(?:very )?short|tiny|micro)[ -][^.!?:\n]{0,60}\b(?:story|tale)\b[^.!?\n]{0,100}:$/i,
  /^(?:as (?:you )?requested, )?an? story (?:of|in|with|about) (?:about |around )?\d+ words:$/i,
  /^i(?:['’]d| would) be (?:happy|glad|delighted) to (?:write|help|create)\b[^.!?:\n]{0,80}[.!:]$/i,
  /^below is\b[^.!?\n]{0,120}:$/i,
  /^\[(?:start|begin(?:ning)?)[^\]\n]{0,30}\]$/i,
  /^(?:hier ist|anbei)\b[^.!?\n]{0,80}geschichte[^.!?\n]{0,80}:$/i,
  /^voici\b[^.!?\n]{0,80}histoire[^.!?\n]{0,80}:$/i,
  /^aquí (?:tienes|está|va)\b[^.!?\n]{0,80}(?:historia|cuento|relato)[^.!?\n]{0,80}:$/i,
  /^(?:当然[！!，,]?)?(?:以下是|这是)[^。！？\n]{0,40}[：:]$/,
];

/** "Sure! Here is a very short story titled …:" on a line of its own; not "Here is a story my grandmother told". */
const introduced: EdgeFinder = (text) => {
  const line = atStart(/^([^\n]{2,260})\n/, text);
  if (!line) return undefined;
  const said = line[1]!.trim();
  return isIntroduction(said) ? withoutStart("introduction", text, line) : undefined;
};

function isIntroduction(said: string): boolean {
  if (otherwise.some((form) => form.test(said))) return true;
  if (courteous.test(said))
    return /\b(?:story|title|tale|request|prompt|write)\b/i.test(said) && !/^[^!:]*$/.test(said);
  const offered = offering.exec(said);
  if (!offered || /\b(?:he|she|they|we|i) (?:said|says|wrote|told|asked)\b/i.test(said)) return false;
  if (offered[1] !== "") return true;
  const onRequest =
    /\b(?:titled|entitled|for you|as (?:you )?requested|you (?:asked|requested)|based on|inspired by|(?:with|to|for|under) the title|\d+[ -]?words?|revised)\b|\bcalled ["“*]|\bmy (?:attempt|take|version)\b/i;
  return (
    onRequest.test(said) ||
    (said.endsWith(":") && /\b(?:story|tale|vignette|flash fiction)[ \t]*:$/i.test(said))
  );
}

const pairs: readonly (readonly [string, string])[] = [
  ['"', '"'],
  ["“", "”"],
  ["«", "»"],
  ["「", "」"],
  ["‘", "’"],
];

/**
 * Quotation marks around everything. A story that starts and ends with speech has them too, but there the second mark
 * closes the first.
 */
const quoted: EdgeFinder = (text) => {
  const pair = pairs.find(
    ([open, close]) => text.startsWith(open) && text.endsWith(close) && text.length > 1,
  );
  if (!pair || !wrapsWhole(text.slice(1, -1), pair)) return undefined;
  return { text: text.slice(1, -1), removed: { what: "quotation marks", text: pair.join("…") } };
};

function wrapsWhole(inside: string, [open, close]: readonly [string, string]): boolean {
  if (open !== close) {
    let depth = 1;
    for (const sign of inside) {
      if (sign === open) depth++;
      // An apostrophe looks like the closing mark.
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

const blockQuoted: EdgeFinder = (text) => {
  if (!text.startsWith(">")) return undefined;
  const lines = text.split("\n");
  if (!lines.every((line) => line.trim() === "" || /^[ \t]*>/.test(line))) return undefined;
  return {
    text: lines.map((line) => line.replace(/^[ \t]*>[ \t]?/, "")).join("\n"),
    removed: { what: "block quote", text: ">" },
  };
};

const number = "(?:about |approximately |approx\\.? |exactly |~|≈)?\\d+(?:[ \\t]?/[ \\t]?\\d+)?";
const counting = "(?:total )?(?:word[ -]?count|words|length)";
const wordCounts = [
  `\\n[ \\t]{0,9}[*_([{-]{0,4}[ \\t]{0,3}${counting}[*_]{0,3}[ \\t]{0,3}[:=–-][ \\t]{0,3}[*_]{0,3}[ \\t]{0,3}${number}[^\\n]{0,30}$`,
  `\\n[ \\t]{0,9}(?:that['’]s |[–—-][ \\t])?[*_([{]{0,4}[ \\t]{0,3}${number}[ \\t]{0,3}words?(?: (?:total|exactly|long))?[ \\t]{0,3}[.!*_)\\]}]{0,4}[ \\t]{0,9}$`,
  `[ \\t]{1,9}[*_]{0,2}[([]${counting}[ \\t]{0,3}[:=][ \\t]{0,3}${number}(?: words?)?[)\\]][*_]{0,2}[ \\t]{0,9}$`,
  `[ \\t]{1,9}[*_]{0,2}[([]${number} words[)\\]][*_]{0,2}[ \\t]{0,9}$`,
].map((source) => new RegExp(source, "i"));

/** `(Word count: 98)`, `[98 words]`, `**Words:** 98` at the end, alone on its line or in brackets. */
const wordCount: EdgeFinder = (text) =>
  wordCounts
    .map((form) => withoutEnd("word count", text, atEnd(form, text)))
    .find((edge) => edge !== undefined);

/** `#love #family`, `**Themes:** …` as the last line. */
const tagged: EdgeFinder = (text) =>
  withoutEnd(
    "tags",
    text,
    atEnd(/\n[ \t]{0,9}(?:#\p{L}[\p{L}\p{N}_]*[ \t]{0,3}){1,9}$/u, text) ??
      atEnd(/\n[ \t]{0,9}[*_]{0,3}(?:themes?|keywords?|genre|tone|tags)[*_]{0,3}:[^\n]{1,300}$/i, text),
  );

/** Words of a comment on a story, which a note inside a story rarely has. */
const ofTheText =
  /\b(?:this (?:short |very short |tiny |little |micro-?)?(?:story|stories|piece|version|tale)|the (?:story|prompt|request|word count|word limit|tone|genre)|word count|\d+[ -]words?|(?:your|the) (?:prompt|request|instructions?)|revised?|draft)\b/i;

/** A last paragraph that comments: `*Note: …*` below a rule, `Note: this story …`. */
const noted: EdgeFinder = (text) => {
  const match = atEnd(
    /\n[ \t]{0,9}(?:[-*_=]{3,}[ \t]{0,9}\n\s{0,20})?[*_([]{0,4}(?:author['’]s |writer['’]s |editor['’]s )?(?:notes?|disclaimer|explanation|comments?)[*_]{0,3}[ \t]{0,3}:[^\n]*(?:\n(?!\s{0,20}\n)[^\n]*)*$/i,
    text,
  );
  const comment =
    match ??
    atEnd(
      /\n[ \t]{0,9}[-*_=]{3,}[ \t]{0,9}\n\s{0,20}(?=[*_(]{0,3}(?:in this story|this (?:short |very short )?(?:story|piece)|the story|i (?:kept|chose|tried|aimed|wanted|wrote)|themes?\b))[\s\S]{1,800}$/i,
      text,
    );
  if (!comment) return undefined;
  const afterRule = /^\s*[-*_=]{3,}[ \t]*\n/.test(comment.found);
  return afterRule || ofTheText.test(comment.found) ? withoutEnd("note", text, comment) : undefined;
};

const offers =
  /\n\s{0,20}[*_(]{0,3}(?:(?:please )?let me know (?:if|what|whether)|would you like (?:me|another|a different|to)|(?:i )?hope (?:you|this)|feel free to|want me to|shall i|if you(?:['’]d| would) like|i(?:['’]d| would) be happy to|happy to|in this story|(?:this|the) (?:short |very short |tiny |little )?(?:story|piece|version|tale) (?:captures|uses|explores|aims|reflects|contains|follows|keeps|meets|comes in))\b[^\n]{0,400}$/i;
const ofWriting =
  /\b(?:story|stories|version|changes?|revis\w*|adjust\w*|another one|rewrite|write|edit|tone|prompt|request|helps|piece|want more|anything else)\b/i;

/** "Let me know if you would like changes to the story." as a last paragraph. */
const offered: EdgeFinder = (text) => {
  const match = atEnd(offers, text);
  if (!match) return undefined;
  const said = match.found.trim();
  return ofWriting.test(said) || /^[*_(]{0,3}(?:i )?hope you enjoy(?:ed)?(?: it)?\b.{0,6}$/i.test(said)
    ? withoutEnd("closing remark", text, match)
    : undefined;
};

const ended: EdgeFinder = (text) =>
  withoutEnd(
    "closing remark",
    text,
    atEnd(
      /\n[ \t]{0,9}[*_~[(]{1,4} ?(?:the end|fin|end|end of (?:the )?story) ?[*_~\])]{0,4}\.?[*_]{0,3}[ \t]{0,9}$/i,
      text,
    ),
  );

/** An opening quotation mark that is never closed, because the text was cut off. */
const halfQuoted: EdgeFinder = (text) =>
  /^["“]/.test(text) && !/["“”]/.test(text.slice(1))
    ? { text: text.slice(1), removed: { what: "quotation marks", text: text[0]! } }
    : undefined;

const initial = "\\p{Lu}(?:\\.|[\\p{L}\\p{M}\\d'’-]*)";
const signatures = [
  new RegExp(
    `\\n[ \\t]{0,9}[*_(]{0,3}(?:[–—~]|--?)[ \\t]{0,3}${initial}(?:[ \\t](?:(?:de|van|von|of|the|la|le|di|da|bin)[ \\t])?${initial}){0,4}[*_)]{0,3}[ \\t]{0,9}$`,
    "u",
  ),
  /\n[ \t]{0,9}[*_]{0,3}(?:[–—~-]{1,2}[ \t]{0,3}|(?:written )?by:?[ \t]{1,3})?\[(?:your |author['’]s |the author['’]s )?(?:name|author|signature|initials)\][*_]{0,3}[ \t]{0,9}$/i,
  new RegExp(`\\n[ \\t]{0,9}[*_(]{0,3}(?:written )?by:?[ \\t]{1,3}${machines}[^\\n]{0,30}$`, "i"),
  new RegExp(
    `\\n[ \\t]{0,9}[*_(]{0,3}[Ww]ritten by:?[ \\t]{1,3}${initial}(?:[ \\t]${initial}){0,3}[*_)]{0,3}[ \\t]{0,9}$`,
    "u",
  ),
];

/**
 * `– Claude`, `By [Your Name]` on the last line. Not a line of speech after a dash, which ends like a sentence or
 * answers one.
 */
const signed: EdgeFinder = (text) => {
  for (const form of signatures) {
    const match = atEnd(form, text);
    const above = match && text.slice(0, match.index).trimEnd().split("\n").at(-1)!.trim();
    if (match && !/^[–—~-]|[?:]["'”’]?$/.test(above!)) return withoutEnd("signature", text, match);
  }
  return undefined;
};

/** What is searched for, in this order; `once` marks what a reply has at most once. */
const finders: readonly (readonly [look: EdgeFinder, once: boolean])[] = [
  [wrapped, false],
  [blockQuoted, true],
  [rulesBefore, false],
  [(text) => withoutEnd("rule", text, atEnd(rulesAtEnd, text)), false],
  [titled, false],
  [titleAtEnd, false],
  [bylined, true],
  [labelled, false],
  [introduced, false],
  [wordCount, false],
  [tagged, false],
  [noted, false],
  [offered, false],
  [ended, true],
  [signed, true],
  [quoted, true],
  [halfQuoted, true],
];

/** What can be found before a text is complete. */
const startFinders: typeof finders = finders.filter(([look]) =>
  ([rulesBefore, titled, bylined, labelled, introduced] as EdgeFinder[]).includes(look),
);

/** Something that reveals a text's origin and that cleaning does not remove. */
export interface Leftover {
  readonly what:
    | "tag"
    | "template token"
    | "entity"
    | "heading"
    | "title line"
    | "label"
    | "JSON"
    | "table"
    | "link";
  /** The piece of text, shortened. */
  readonly found: string;
}

const entityNames =
  "amp|lt|gt|quot|apos|nbsp|[lr][sd]quo|[lr]aquo|sbquo|bdquo|[mn]dash|hellip|copy|reg|trade|deg|middot|bull|euro|pound|[aeiouyAEIOUY](?:acute|grave|circ|uml|tilde|ring)|[cC]cedil|[nN]tilde|szlig|[aA][eE]lig|[oO]slash";

const leftoverPatterns: readonly (readonly [Leftover["what"], RegExp])[] = [
  [
    "template token",
    /<[|｜][^<>\n]{1,40}[|｜]?>|<<\/?SYS>>|<0x[\dA-F]{2}>|\[\/?(?:INST|THINK|SYSTEM_PROMPT|TOOL_CALLS|AVAILABLE_TOOLS|STORY)\]|◁\/?think▷/g,
  ],
  [
    "tag",
    /<\/?[A-Za-z][\w:-]{0,40}(?:\s+[\w:-]+(?:\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]+))?){0,9}\s*\/?>|<!--/g,
  ],
  ["entity", new RegExp(`&(?:(?:${entityNames})|#\\d{2,6}|#x[\\da-f]{2,6});`, "gi")],
  ["heading", /^[ \t]*(?:#{2,6}[ \t]+\S[^\n]*|#[ \t]+\S[^\n]*[^\n.!?…"”])$/gm],
  ["JSON", /^\s*(?:\{\s*"|\[\s*\{)/g],
  ["table", /^[ \t]*\|[^\n]*\|[ \t]*$/gm],
  ["link", /!?\[[^\]\n]{0,80}\]\([^)\s]{1,300}\)|^\[\d+\]:[ \t]\S+|【[^】\n]{1,30}】|\\(?:boxed|text)\{/gm],
  [
    "label",
    new RegExp(
      `^\\s*(?:#{1,6}[ \\t]+)?[*_]{0,3}(?:${titleWords}|(?:final |short )?story)[*_]{0,3}[ \\t]*[:：](?![ \\t]*(?:Mr|Mrs|Ms|Dr|none)\\b)`,
      "gi",
    ),
  ],
];

/**
 * The first thing in a text that would reveal its origin: a tag, a template token, an HTML entity, a heading, a link
 * of Markdown, or a first line that is the title. `allowed` strings are ignored. Undefined if there is none.
 */
export function leftoverOf(
  text: string,
  title: string,
  allowed: readonly string[] = [],
): Leftover | undefined {
  const permitted = (found: string) => allowed.some((each) => found.includes(each));
  for (const [what, sign] of leftoverPatterns) {
    for (const [found] of text.matchAll(sign)) {
      if (!permitted(found)) return { what, found: shortened(found) };
    }
  }
  const again = titled(text.trim(), title);
  return again && !permitted(again.removed.text)
    ? { what: "title line", found: shortened(again.removed.text) }
    : undefined;
}

/**
 * A start that only machines write: their own heading (in bold, or a short capitalised line with an empty line
 * below), a speaker's label (`Assistant:`), a block quote. Undefined if there is none.
 */
export function ownHeading(text: string): string | undefined {
  const start = text.slice(0, 300);
  const bold = /^\s{0,20}[*_]{2,3}[^*_\n]{1,80}[*_]{2,3}[ \t]*\n/.exec(start);
  const speaker = /^\s{0,20}[*_]{0,3}(?:assistant|ai|claude|chatgpt|gemini|bot)[*_]{0,3}[ \t]*:/i.exec(start);
  const quote = /^\s{0,20}>[ \t]/.exec(start);
  const plain = /^\s{0,20}([^\n]{3,60})\n[ \t]*\n/.exec(start);
  const capitals = words(plain?.[1] ?? "").filter((word) => /^[\p{Lu}\p{N}]/u.test(word)).length;
  const isHeadingLike =
    capitals >= 2 && words(plain![1]!).length <= capitals + 3 && !/[.,;!?…:"'”’–—-]\s*$/.test(plain![1]!);
  return (bold ?? speaker ?? quote ?? (isHeadingLike ? plain : null))?.[0].trim();
}

const shortened = (text: string): string => {
  const plain = text.trim();
  return plain.length > 40 ? `${plain.slice(0, 39)}…` : plain;
};
