import type { Story } from "../study/story.ts";
import { leftoverOf } from "../text/clean-story.ts";
import { type NgramIndex, ngramIndex } from "../text/copying.ts";
import { distinctN, seqRepN } from "../text/repetition.ts";
import { countWords, termsOf } from "../text/words.ts";

/**
 * Finds what makes a text unfit to be shown: where it is found, the title is asked for again, up to the declared
 * number of attempts. All attempts stay in the record with what was found, for redrawing is choosing.
 */
export interface FaultFinder {
  /**
   * The first fault of a text in a few words; undefined for a text without. `shown` are the ids of its examples, `title`
   * is the title that it was written to.
   */
  of(text: string, title: string, shown?: readonly string[]): Fault | undefined;
}

export interface Fault {
  /** `failed` where the text cannot be shown at all, since it tells what wrote it. */
  readonly outcome?: "refused" | "failed";
  readonly what: string;
}

/** `shortest` is the number of words that a text must have above, so that there is something to clip. */
export function faultFinder(stories: readonly Story[], shortest: number): FaultFinder {
  const training = stories.filter(({ split }) => split === "train");
  const copies = ngramIndex(
    training.map(({ text }) => text),
    copiedWords,
  );
  return {
    of: (text, title, shown = []) =>
      refused(text) ??
      markedUp(text, title) ??
      chatty(text) ??
      degenerate(text) ??
      copied(text, copies, training, shown) ??
      tooShort(text, shortest),
  };
}

/** Words in a row that two writers hardly share by chance. */
const copiedWords = 8;

const fault = (what: string): Fault => ({ what });

function refused(text: string): Fault | undefined {
  const refuses =
    /^\W*(?:i['’]?m sorry|i am sorry|sorry, (?:but )?i|i (?:can['’]?t|cannot|can not|won['’]?t|am unable|am not able|['’]m unable)|as an ai|i['’]?m (?:just )?an? (?:ai|language model))\b/i;
  const speaks =
    /\b(?:as an ai|language model|(?:write|create|provide|generate|fulfil|help|assist|comply)[^.]{0,60}(?:story|request|content|that|this))\b/i;
  return refuses.test(text) && speaks.test(text.slice(0, 300))
    ? { outcome: "refused", what: "the model refused" }
    : undefined;
}

/** What begins the reason of a text that cannot be shown. */
export const notClean = "not clean:";

/** What readers would know the machine by, and what cleaning could not take away. */
function markedUp(text: string, title: string): Fault | undefined {
  const left = leftoverOf(text, title);
  return left && { outcome: "failed", what: `${notClean} a ${left.what} (${left.found})` };
}

function chatty(text: string): Fault | undefined {
  const before =
    /^\W*(?:sure|certainly|of course|okay|ok|absolutely|great|here(?:['’]s| is| are| goes))\b[^\n]{0,120}(?:story|tale|title|request)\b[^\n]{0,60}(?::|\n)/i;
  const after = /(?:would you like (?:me|another)|let me know if|i hope (?:you|this)|feel free to)[^\n]*$/i;
  return before.test(text) || after.test(text)
    ? fault("the model talks about the story instead of telling it")
    : undefined;
}

/** A good story of ninety words has .73 to .88 different words and says hardly four words twice. */
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

function tooShort(text: string, shortest: number): Fault | undefined {
  const words = countWords(text);
  return words > shortest ? undefined : fault(`too short: ${words} words, more than ${shortest} are needed`);
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;
