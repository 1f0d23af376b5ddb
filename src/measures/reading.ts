import type { Text } from "../coding/texts.ts";
import { dialogueOf } from "../text/dialogue.ts";
import { normaliseText } from "../text/normalise.ts";
import { sentencesOf } from "../text/sentences.ts";
import { termsOf } from "../text/words.ts";
import { type Token, tokensOf } from "./tokens.ts";

/** A text as it is read: each way of looking at it is worked out once, when a measure first asks. */
export class Reading {
  readonly text: Text;
  #plain: string | undefined;
  #terms: readonly string[] | undefined;
  #sentences: readonly (readonly Token[])[] | undefined;
  #narration: readonly (readonly Token[])[] | undefined;

  constructor(text: Text) {
    this.text = text;
  }

  /** The form in which texts of either origin are compared, on one line: see `normaliseText`. */
  get plain(): string {
    this.#plain ??= normaliseText(this.text.text);
    return this.#plain;
  }

  /** Its words for comparing, in order. */
  get terms(): readonly string[] {
    this.#terms ??= termsOf(this.plain);
    return this.#terms;
  }

  /** Its tokens with their parts of speech, sentence by sentence. */
  get sentences(): readonly (readonly Token[])[] {
    this.#sentences ??= sentencesOf(this.plain).map(tokensOf);
    return this.#sentences;
  }

  /** What the narrator says: the sentences without what is spoken in them, or all where all is spoken. */
  get narration(): readonly (readonly Token[])[] {
    this.#narration ??= this.#parsedNarration();
    return this.#narration;
  }

  #parsedNarration(): readonly (readonly Token[])[] {
    const spoken = dialogueOf(this.plain);
    if (spoken.length === 0) return this.sentences;
    const told = without(this.plain, spoken);
    return /\p{L}/u.test(told) ? sentencesOf(told).map(tokensOf) : this.sentences;
  }
}

/** A text without the parts that stand in it in this order. */
function without(text: string, parts: readonly string[]): string {
  let rest = "";
  let from = 0;
  for (const part of parts) {
    const at = text.indexOf(part, from);
    if (at < 0) continue;
    rest += text.slice(from, at);
    from = at + part.length;
  }
  return rest + text.slice(from);
}
