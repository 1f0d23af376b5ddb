import type { Story } from "../study/story.ts";
import { leftoverOf, ownHeading } from "../text/clean-story.ts";
import { longestCommonRun, type NgramIndex, ngramIndex } from "../text/copying.ts";
import { escapeRegExp } from "../text/escape-regexp.ts";
import { distinctN, seqRepN } from "../text/repetition.ts";
import { countWords, termsOf } from "../text/words.ts";

/**
 * Finds faults that make a text unfit to be shown. A title whose text has a fault is drawn again, up to the declared
 * number of attempts. All attempts stay in the record with their fault, because redrawing is a selection.
 */
export interface FaultFinder {
  /**
   * The first fault of a text, in a few words; undefined if it has none. `shown` are the ids of its examples, `title`
   * its title, `prompt` the whole prompt.
   */
  of(text: string, title: string, shown?: readonly string[], prompt?: string): Fault | undefined;
}

export interface Fault {
  /** `failed` if the text cannot be shown at all, because it reveals its origin. */
  readonly outcome?: "refused" | "failed";
  readonly what: string;
}

/** Texts must have more than `shortest` words, so that there is something to clip. */
export function faultFinder(stories: readonly Story[], shortest: number): FaultFinder {
  const training = stories.filter(({ split }) => split === "train");
  const copies = ngramIndex(
    training.map(({ text }) => text),
    copiedWords,
  );
  return {
    of: (text, title, shown = [], prompt = "") =>
      refused(text) ??
      several(text) ??
      markedUp(text, title) ??
      planning(text) ??
      chatty(text) ??
      summarising(text, title) ??
      degenerate(text) ??
      copied(text, copies, training, shown) ??
      repeated(text, title, prompt) ??
      tooShort(text, shortest),
  };
}

/** Number of consecutive words that two writers rarely share by chance. */
const copiedWords = 8;

const fault = (what: string): Fault => ({ what });

const longestRefusal = 80;

function refused(text: string): Fault | undefined {
  const refuses =
    /^\W*(?:i['’]?m sorry|i am sorry|i apologi[sz]e|sorry, (?:but )?i|i (?:can['’]?t|cannot|can not|won['’]?t|am unable|am not able|['’]m unable)|as an? (?:large )?(?:ai|language model)|i['’]?m (?:just )?an? (?:ai|language model))\b/i;
  const machine =
    /\b(?:as an? (?:large )?(?:ai|language model)|i['’]?m (?:just )?an? (?:ai|language model))\b/i;
  // A story may begin like this too, but a refusal is short.
  if (!machine.test(text.slice(0, 300)) && countWords(text) > longestRefusal) return undefined;
  const aboutTask =
    /\b(?:as an ai|language model|(?:write|create|provide|generate|fulfil|help|assist|comply)[^.]{0,60}(?:story|request|content|that|this))\b/i;
  return refuses.test(text) && aboutTask.test(text.slice(0, 300))
    ? { outcome: "refused", what: "the model refused" }
    : undefined;
}

/** The start of the reason if a text cannot be shown. */
export const notClean = "not clean:";

/** Traces of the machine that cleaning could not remove. */
function markedUp(text: string, title: string): Fault | undefined {
  const left = leftoverOf(text, title);
  const heading = ownHeading(text);
  const what = left ? `a ${left.what} (${left.found})` : heading && `a heading (${heading})`;
  return what ? { outcome: "failed", what: `${notClean} ${what}` } : undefined;
}

function chatty(text: string): Fault | undefined {
  const before =
    /^\W*(?:sure|certainly|of course|okay|ok|absolutely|great|here(?:['’]s| is| are| goes))\b[^\n]{0,120}(?:story|tale|title|request)\b[^\n]{0,60}(?::|\n)/i;
  const after =
    /(?:would you like (?:me|another)|let me know if|i hope (?:you|this)|feel free to)\b[^\n"“”]{0,120}\b(?:story|version|changes?|revis\w*|rewrite|another one)\b[^\n"“”]*$/i;
  const asks = /^(?:could|can|would) you (?:please )?(?:tell|give|provide|share|clarify|specify)\b[^\n]*\?/i;
  return before.test(text) || after.test(text) || (asks.test(text) && countWords(text) <= longestRefusal)
    ? fault(talksAbout)
    : undefined;
}

const talksAbout = "the model talks about the story instead of telling it";

/** A first sentence that says what the story is: "The story is about …", "The Last Ferry: a tale of …". */
function summarising(text: string, title: string): Fault | undefined {
  const own = escapeRegExp(title.trim());
  const says =
    /^\W*(?:the|this) (?:short )?(?:story|tale) (?:(?:is|begins|starts|opens|follows|tells|unfolds)|(?:was|began|started) (?:about|as|with))\b/i;
  // A pattern with the title is compiled for every text, so it is used only where the rest of it occurs.
  const names = () =>
    /^\W*(?:the|this) (?:short )?(?:story|tale) /i.test(text) &&
    new RegExp(
      `^\\W*(?:the|this) (?:short )?(?:story|tale) (?:(?:of|called|titled)\\W+${own}|of an?\\b)`,
      "i",
    ).test(text);
  const after = () =>
    isKindOfWork.test(text) && new RegExp(`^\\W*${own}\\W*${isKindOfWork.source}`, "i").test(text);
  return says.test(text) || names() || after() ? fault(talksAbout) : undefined;
}

const isKindOfWork =
  /(?:is |was |[-–—,:.]\s*(?:this is )?)(?:an?|the)\b[^.!?]{0,40}\b(?:story|tale|film|movie|novel|book)\b/i;

/** A model that thinks without marking it starts with what the user wants and what it is going to write. */
function planning(text: string): Fault | undefined {
  const start = text.slice(0, 500);
  const begins =
    /^\W*(?:okay|ok|alright|hmm+|first|let me|let['’]s|we (?:need|have)|i (?:need|have|should)|the user|so|now|to (?:write|create))\b/i;
  const plans =
    /\bthe user (?:wants|asks|asked|is asking)\b|\b(?:i|we|let me|let['’]s)(?:['’]ll)? (?:(?:need|have|want|should|will|must|could) (?:to )?)?(?:write|create|craft|come up with|brainstorm|draft)\b/i;
  const labelled =
    /^[\s*_#]*(?:thinking|thought process|my thoughts|reasoning|plan|planning|brainstorm(?:ing)?)[*_]*[ \t]*:/i;
  return (labelled.test(start) || (begins.test(start) && plans.test(start))) &&
    /\b(?:story|title|words)\b/i.test(start)
    ? { outcome: "failed", what: "planning: the model writes about what it is going to write" }
    : undefined;
}

/** Several versions in one reply: readers would see the first one and the label of the next. */
function several(text: string): Fault | undefined {
  const labels =
    text.match(/^[ \t]*[*_#]{0,4}[ \t]*(?:version|option|draft|story|take) (?:\d|one|two|[ab])\b/gim) ?? [];
  return labels.length >= 2
    ? { outcome: "failed", what: `${notClean} several versions in one reply` }
    : undefined;
}

/**
 * A good story of ninety words has a share of different words of .73 to .88 and hardly repeats four words in a row.
 */
function degenerate(text: string): Fault | undefined {
  if (termsOf(text).length < 30) return undefined;
  const [different, repeated] = [distinctN(text), seqRepN(text)];
  return different < 0.45 || repeated > 0.25
    ? fault(
        `degenerate: ${percent(different)} different words, ${percent(repeated)} of its runs of four repeat`,
      )
    : undefined;
}

function copied(
  text: string,
  copies: NgramIndex,
  training: readonly Story[],
  shown: readonly string[],
): Fault | undefined {
  const source = copies.nearest(text);
  if (!source) return undefined;
  const { id, title } = training[source.index]!;
  const whose = shown.includes(id) ? "its example " : "";
  return fault(`copied: ${copiedWords} words in a row or more from ${whose}"${title}"`);
}

/** A small model may repeat its instructions. A story may contain its own title, however long that is. */
function repeated(text: string, title: string, prompt: string): Fault | undefined {
  const runs = prompt.split(title).map((part) => longestCommonRun(text, part));
  const run = runs.find(({ length }) => length >= copiedWords);
  return run && fault(`repeats its prompt: "${run.text.split(" ").slice(0, copiedWords).join(" ")}"`);
}

function tooShort(text: string, shortest: number): Fault | undefined {
  const words = countWords(text);
  return words > shortest ? undefined : fault(`too short: ${words} words, more than ${shortest} are needed`);
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;
