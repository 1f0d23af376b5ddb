import { nearDuplicates } from "../text/copying.ts";
import { shortId } from "../text/hash.ts";
import { normaliseText } from "../text/normalise.ts";
import { countWords } from "../text/words.ts";
import type { FoundStory, Rejection } from "./source.ts";

/** A story that may enter the corpus, its text and title normalised. */
export interface ValidStory extends FoundStory {
  /** From title and text, so that the same story has the same id in every corpus. */
  readonly id: string;
  readonly words: number;
}

/** What is told of a story that stays. */
export interface Remark {
  readonly story: string;
  readonly reason: string;
  readonly message: string;
}

export interface Validated {
  readonly stories: readonly ValidStory[];
  readonly rejected: readonly Rejection[];
  readonly warned: readonly Remark[];
  /** Pairs of positions in `stories` whose texts are nearly the same. */
  readonly twins: readonly Pair[];
}

type Pair = readonly [one: number, other: number];

/** Words by the counting rule: above `warn` a story is told of, above `refuse` it is left out. */
export interface LengthRule {
  readonly warn: number;
  readonly refuse: number;
}

/** No very short story is longer, whatever its words; measured before anything is done to the text. */
const mostCharacters = 20_000;

/**
 * Parts what can be a story of the corpus from what cannot. Of equal texts the first stays; a reprint of a story
 * that is there is left out as well. Other near duplicates stay, are told, and are kept together by the split.
 */
export function validate(found: readonly FoundStory[], rule: LengthRule): Validated {
  const { unique, rejected } = screened(found, rule);
  const pairs = nearDuplicates(unique.map(({ text }) => text)).map(([one, other]): Pair => [one, other]);
  const reprints = reprintsAmong(unique, pairs);

  // Positions move up where a reprint goes.
  const staying = unique.flatMap((_, at) => (reprints.has(at) ? [] : [at]));
  const positions = new Map(staying.map((at, position) => [at, position]));
  const stories = staying.map((at) => unique[at]!);
  const twins = pairs
    .filter((pair) => pair.every((at) => positions.has(at)))
    .map(([one, other]): Pair => [positions.get(one)!, positions.get(other)!]);
  const warned = [
    ...stories.flatMap((story) => remarksOn(story, rule)),
    ...twins.map(([one, other]) => twinRemark(stories[one]!, stories[other]!)),
  ];
  return { stories, rejected: [...rejected, ...reprints.values()], warned, twins };
}

/** Normalises, and parts what is a story, and the first with its text, from what is none. */
function screened(found: readonly FoundStory[], rule: LengthRule) {
  const rejected: Rejection[] = [];
  const unique: ValidStory[] = [];
  const firstOf = new Map<string, ValidStory>();
  for (const given of found) {
    const story = normalised(given);
    const flaw = brokenness(given) ?? flawOf(story, rule) ?? doubleOf(story, firstOf);
    if (flaw) {
      rejected.push(rejection(given, flaw));
    } else {
      firstOf.set(textKey(story), story);
      unique.push(story);
    }
  }
  return { unique, rejected };
}

function normalised(given: FoundStory): ValidStory {
  const title = oneLine(given.title);
  const text = normaliseText(given.text.slice(0, mostCharacters));
  return {
    ...given,
    title,
    text,
    author: oneLine(given.author),
    id: shortId(`${title}\n${text}`),
    words: countWords(text),
  };
}

const oneLine = (text: string) => normaliseText(text.slice(0, mostCharacters));

type Flaw = Pick<Rejection, "reason" | "message">;

/** What a row must not hold, looked for before anything is done to it. */
function brokenness({ where, title, text }: FoundStory): Flaw | undefined {
  if (text.length > mostCharacters || title.length > mostCharacters) {
    const length = Math.max(text.length, title.length);
    return flaw(
      "too long",
      `${where}: ${length} characters are no very short story (look at the row's quotes)`,
    );
  }
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffd]/.test(title + text)) {
    return flaw("broken characters", `${where}: it holds characters that are no text (mend its encoding)`);
  }
  return undefined;
}

/** What makes a row no story, in the order in which one would notice it. */
function flawOf(story: ValidStory, rule: LengthRule): Flaw | undefined {
  const { where, title, text, words } = story;
  const name = nameOf(story);
  if (text === "") return flaw("no text", `${where}: ${name} has no text (add its story or remove the row)`);
  if (title === "") return flaw("no title", `${where}: a story has no title (add one or remove the row)`);
  if (words <= 1)
    return flaw("one word", `${where}: the text of ${name} is one word (add its story or remove the row)`);
  if (words > rule.refuse) {
    return flaw(
      "too long",
      `${where}: ${name} has ${words} words, more than ${rule.refuse} (shorten it, or raise corpus.words.refuse)`,
    );
  }
  return undefined;
}

function doubleOf(story: ValidStory, firstOf: ReadonlyMap<string, ValidStory>): Flaw | undefined {
  const first = firstOf.get(textKey(story));
  if (!first) return undefined;
  return story.reprint
    ? reprintFlaw(story, first)
    : flaw(
        "duplicate",
        `${story.where}: ${nameOf(story)} has the text of ${first.where} (remove one of them)`,
      );
}

const reprintFlaw = (reprint: ValidStory, print: ValidStory): Flaw =>
  flaw("reprint", `${reprint.where}: ${nameOf(reprint)} is a reprint of ${print.where}`);

/** Equal texts may differ in case, marks and spaces. */
const textKey = ({ text }: ValidStory) =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();

/** Reprints whose first print, or an earlier reprint, is in the corpus, by position. */
function reprintsAmong(stories: readonly ValidStory[], pairs: readonly Pair[]): Map<number, Rejection> {
  const reprints = new Map<number, Rejection>();
  for (const pair of pairs) {
    if (pair.some((at) => reprints.has(at))) continue;
    const [first, second] = pair.map((at) => stories[at]!) as [ValidStory, ValidStory];
    if (!first.reprint && !second.reprint) continue;
    const [reprint, print] = second.reprint ? [second, first] : [first, second];
    reprints.set(stories.indexOf(reprint), rejection(reprint, reprintFlaw(reprint, print)));
  }
  return reprints;
}

function remarksOn(story: ValidStory, rule: LengthRule): Remark[] {
  const remarks: Remark[] = [];
  if (story.words > rule.warn) {
    const message = `${story.where}: ${nameOf(story)} has ${story.words} words, more than ${rule.warn}`;
    remarks.push({ story: story.id, ...flaw("above the rule", message) });
  }
  const [mark] = leftoverMarkup.exec(`${story.title}\n${story.text}`) ?? [];
  if (mark !== undefined) {
    const message = `${story.where}: ${nameOf(story)} holds “${mark}”, which may be left over from a page's markup and tell readers which stories were collected`;
    remarks.push({ story: story.id, ...flaw("leftover markup", message) });
  }
  if (story.reprint) {
    const message = `${story.where}: ${nameOf(story)} is a reprint; its first print is not in the corpus`;
    remarks.push({ story: story.id, ...flaw("reprint", message) });
  }
  return remarks;
}

/** Tags, entities, addresses, and marks of wikis and Markdown: what prose has not, and no model writes. */
const leftoverMarkup =
  /<\/?[a-z][a-z0-9]*(\s[^<>]*)?\/?>|&(#\d+|[a-z]{2,8});|https?:\/\/|@{2,}|\*{2,}|_{2,}|\{\{|\}\}|\[\[|\]\]/i;

const twinRemark = (one: ValidStory, other: ValidStory): Remark => ({
  story: other.id,
  ...flaw(
    "near duplicate",
    `${other.where}: ${nameOf(other)} is nearly ${nameOf(one)} (${one.where}); both stay, in one part of the split`,
  ),
});

const rejection = ({ where, title }: FoundStory, why: Flaw): Rejection => ({ where, title, ...why });

const flaw = (reason: string, message: string): Flaw => ({ reason, message });

const nameOf = ({ title }: FoundStory) => (title.trim() === "" ? "a story" : `“${shortened(title.trim())}”`);

const shortened = (text: string) => (text.length > 60 ? `${text.slice(0, 59)}…` : text);
