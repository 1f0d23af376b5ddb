import { nearDuplicates } from "../text/copying.ts";
import { shortId } from "../text/hash.ts";
import { normaliseText } from "../text/normalise.ts";
import { repairText } from "../text/repair.ts";
import { countWords } from "../text/words.ts";
import { timesOf } from "./dates.ts";
import type { FoundStory, Rejection } from "./source.ts";
import { brokenOff, endsASentence, mayBeSigned, withoutSignature } from "./story-ends.ts";

/** A valid story, with normalised text and title. */
export interface ValidStory extends FoundStory {
  /** Made from title and text, so that the same story has the same id in every corpus. */
  readonly id: string;
  readonly words: number;
  /** The text from the source. */
  readonly raw: string;
  /** What was repaired, or would have been, with an example. */
  readonly faults: ReadonlyMap<string, string>;
  /** Whether the author's name was removed from the text's end. */
  readonly signature: boolean;
}

/** A remark on a story that is kept. */
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
  readonly nearDuplicates: readonly Pair[];
}

type Pair = readonly [one: number, other: number];

/** Word counts: a story above `warn` is reported, above `refuse` it is left out. */
export interface LengthRule {
  readonly warn: number;
  readonly refuse: number;
}

/** No very short story has more characters; measured before normalising. */
const mostCharacters = 20_000;

/**
 * Separates valid stories from rejected ones. Of equal texts the earliest is kept, by date or else by position in the
 * file; reprints of present stories are rejected too. Other near duplicates are kept and reported, and the split
 * keeps them together. Without `repair`, encoding and markup problems stay in the text and are reported.
 */
export function validate(found: readonly FoundStory[], rule: LengthRule, repair = true): Validated {
  const { unique, rejected } = screened(found, rule, repair);
  const pairs = nearDuplicates(unique.map(({ text }) => text)).map(([one, other]): Pair => [one, other]);
  const reprints = reprintsAmong(unique, pairs);

  // Removing reprints shifts positions.
  const kept = unique.flatMap((_, at) => (reprints.has(at) ? [] : [at]));
  const positions = new Map(kept.map((at, position) => [at, position]));
  const stories = kept.map((at) => unique[at]!);
  const duplicates = pairs
    .filter((pair) => pair.every((at) => positions.has(at)))
    .map(([one, other]): Pair => [positions.get(one)!, positions.get(other)!]);
  const warned = [
    ...stories.flatMap((story) => remarksOn(story, rule, repair)),
    ...cutOffAmong(stories),
    ...duplicates.map(([one, other]) => nearDuplicateRemark(stories[one]!, stories[other]!)),
  ];
  return { stories, rejected: [...rejected, ...reprints.values()], warned, nearDuplicates: duplicates };
}

/** Normalises stories, and separates valid ones (the earliest of each text) from rejected ones. */
function screened(found: readonly FoundStory[], rule: LengthRule, repair: boolean) {
  const stories = found.map((given) => normalised(given, repair));
  const times = timesOf(found.map(({ facts }) => facts["date"]));
  const flaws = stories.map((story, at) => rawFlawOf(found[at]!) ?? flawOf(story, rule));
  const firstOf = new Map<string, number>();
  for (const [at, story] of stories.entries()) {
    if (flaws[at]) continue;
    const first = firstOf.get(textKey(story));
    if (first === undefined || isEarlier(stories, times, at, first)) firstOf.set(textKey(story), at);
  }
  for (const [at, story] of stories.entries()) {
    const first = firstOf.get(textKey(story));
    if (!flaws[at] && first !== undefined && first !== at) flaws[at] = duplicateFlaw(story, stories[first]!);
  }
  return {
    unique: stories.filter((_, at) => !flaws[at]),
    rejected: found.flatMap((given, at) => (flaws[at] ? [rejection(given, flaws[at])] : [])),
  };
}

/** Whether a later row is the earlier publication: it is not a reprint but the other is, or its date is earlier. */
function isEarlier(
  stories: readonly ValidStory[],
  times: readonly (number | undefined)[],
  at: number,
  first: number,
): boolean {
  if (stories[at]!.reprint !== stories[first]!.reprint) return stories[first]!.reprint;
  const [time, other] = [times[at], times[first]];
  return time !== undefined && other !== undefined && time < other;
}

function normalised(given: FoundStory, repair: boolean): ValidStory {
  const raw = given.text.slice(0, mostCharacters);
  const [repairedTitle, repairedText, repairedAuthor] = [given.title, raw, given.author].map((text) =>
    repairText(text.slice(0, mostCharacters)),
  );
  const shown = (text: string, repaired: { readonly text: string }) =>
    normaliseText(repair ? repaired.text : text.slice(0, mostCharacters));
  const title = shown(given.title, repairedTitle!);
  const author = shown(given.author, repairedAuthor!);
  const whole = shown(raw, repairedText!);
  const unsigned = withoutSignature(whole, author);
  const text = unsigned ?? whole;
  return {
    ...given,
    title,
    text,
    author,
    id: shortId(`${title}\n${text}`),
    words: countWords(text),
    raw,
    faults: new Map([...repairedTitle!.faults, ...repairedText!.faults]),
    signature: unsigned !== undefined,
  };
}

type Flaw = Pick<Rejection, "reason" | "message">;

/** Problems that are checked before normalising. */
function rawFlawOf({ where, title, text }: FoundStory): Flaw | undefined {
  if (text.length > mostCharacters || title.length > mostCharacters) {
    const length = Math.max(text.length, title.length);
    return flaw(
      "too long",
      `${where}: ${length} characters are too many for a very short story (check the quotes in this row)`,
    );
  }
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffd]/.test(title + text)) {
    return flaw("broken characters", `${where}: it contains characters that are not text (fix its encoding)`);
  }
  return undefined;
}

/** Why a row is not a valid story; the most obvious problem first. */
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

const duplicateFlaw = (story: ValidStory, first: ValidStory): Flaw =>
  story.reprint
    ? reprintFlaw(story, first)
    : flaw(
        "duplicate",
        `${story.where}: ${nameOf(story)} has the same text as ${first.where} (remove one of them)`,
      );

const reprintFlaw = (reprint: ValidStory, original: ValidStory): Flaw =>
  flaw("reprint", `${reprint.where}: ${nameOf(reprint)} is a reprint of ${original.where}`);

/** Equal texts may differ in case, punctuation and spaces. */
const textKey = ({ text }: ValidStory) =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();

/** Reprints by position whose original, or an earlier reprint, is in the corpus. */
function reprintsAmong(stories: readonly ValidStory[], pairs: readonly Pair[]): Map<number, Rejection> {
  const reprints = new Map<number, Rejection>();
  for (const pair of pairs) {
    if (pair.some((at) => reprints.has(at))) continue;
    const [first, second] = pair.map((at) => stories[at]!) as [ValidStory, ValidStory];
    if (!first.reprint && !second.reprint) continue;
    const [reprint, original] = second.reprint ? [second, first] : [first, second];
    reprints.set(stories.indexOf(reprint), rejection(reprint, reprintFlaw(reprint, original)));
  }
  return reprints;
}

function remarksOn(story: ValidStory, rule: LengthRule, repair: boolean): Remark[] {
  const remarks: Remark[] = [];
  if (story.words > rule.warn) {
    const message = `${story.where}: ${nameOf(story)} has ${story.words} words, more than ${rule.warn}`;
    remarks.push({ story: story.id, ...flaw("above the limit", message) });
  }
  if (story.faults.size > 0) {
    const found = [...story.faults]
      .map(([fault, piece]) => `${fault} (“${piece.trim() || "a space"}”)`)
      .join(", ");
    remarks.push({
      story: story.id,
      ...(repair
        ? flaw("repaired", `${story.where}: ${nameOf(story)}: repaired ${found}`)
        : flaw(
            "not repaired",
            `${story.where}: ${nameOf(story)} contains ${found}, which reveals to readers which stories were collected (set corpus.repair: true)`,
          )),
    });
  }
  if (story.signature) {
    const message = `${story.where}: ${nameOf(story)} ended in its author's name, “${story.author}”, which was removed`;
    remarks.push({ story: story.id, ...flaw("signature", message) });
  }
  const signed = mayBeSigned(story.text);
  if (signed !== undefined) {
    const message = `${story.where}: ${nameOf(story)} may be signed: it ends in “${signed}” (remove it from the text, or put it into a column author)`;
    remarks.push({ story: story.id, ...flaw("signature", message) });
  }
  const [lost] = lostCharacters.exec(story.text) ?? [];
  if (lost !== undefined) {
    const message = `${story.where}: ${nameOf(story)} contains “${lost}”: question marks may replace lost characters (export the table again, as UTF-8)`;
    remarks.push({ story: story.id, ...flaw("lost characters", message) });
  }
  const [mark] = leftoverMarkup.exec(`${story.title}\n${story.text}`) ?? [];
  if (mark !== undefined) {
    const message = `${story.where}: ${nameOf(story)} contains “${mark}”, which may be left over from a page's markup and reveal to readers which stories were collected`;
    remarks.push({ story: story.id, ...flaw("leftover markup", message) });
  }
  if (story.reprint) {
    const message = `${story.where}: ${nameOf(story)} is a reprint; the original is not in the corpus`;
    remarks.push({ story: story.id, ...flaw("reprint", message) });
  }
  return remarks;
}

/** An apostrophe that an encoding lost: `didn?t`. */
const lostCharacters = /\p{L}+\?(?:t|s|ll|re|ve|d|m)\b/u;

/**
 * Stories that may be cut short: by how they end, by having less than a quarter of the median number of words, or by
 * ending without punctuation where nearly all others have it.
 */
function cutOffAmong(stories: readonly ValidStory[]): Remark[] {
  const lengths = stories.map(({ words }) => words).sort((one, other) => one - other);
  const median = lengths[Math.floor(lengths.length / 2)] ?? 0;
  const unmarked = stories.filter(({ text }) => !endsASentence(text)).length;
  const rare = unmarked <= Math.max(1, stories.length / 20);
  return stories.flatMap((story) => {
    const isSigned = story.signature || mayBeSigned(story.text) !== undefined;
    const sign =
      (isSigned ? undefined : brokenOff(repairText(story.raw).text)) ??
      (story.words < median / 4
        ? `it has ${story.words} words, but half of the stories have ${median} or more`
        : rare && !isSigned && !endsASentence(story.text)
          ? "it ends without punctuation, unlike the others"
          : undefined);
    if (sign === undefined) return [];
    const message = `${story.where}: ${nameOf(story)} may be cut short: ${sign}`;
    return [{ story: story.id, ...flaw("may be cut short", message) }];
  });
}

/** Tags, entities, addresses, and wiki or Markdown markup, which neither prose nor models contain. */
const leftoverMarkup =
  /<\/?[a-z][a-z0-9]*(\s[^<>]*)?\/?>|&(#\d+|[a-z]{2,8});|https?:\/\/|@{2,}|\*{2,}|_{2,}|\{\{|\}\}|\[\[|\]\]/i;

const nearDuplicateRemark = (one: ValidStory, other: ValidStory): Remark => ({
  story: other.id,
  ...flaw(
    "near duplicate",
    `${other.where}: ${nameOf(other)} is nearly the same as ${nameOf(one)} (${one.where}); both are kept, in the same part of the split`,
  ),
});

const rejection = ({ where, title }: FoundStory, why: Flaw): Rejection => ({ where, title, ...why });

const flaw = (reason: string, message: string): Flaw => ({ reason, message });

const nameOf = ({ title }: FoundStory) => (title.trim() === "" ? "a story" : `“${shortened(title.trim())}”`);

const shortened = (text: string) => (text.length > 60 ? `${text.slice(0, 59)}…` : text);
