import type { Text } from "../coding/texts.ts";
import { dialogueOf } from "../text/dialogue.ts";
import { normaliseText } from "../text/normalise.ts";
import { sentencesOf } from "../text/sentences.ts";
import { termsOf } from "../text/words.ts";
import { type Token, tokensOf } from "./tokens.ts";

/** A text with its parsed forms, each computed once on first use. */
export class ParsedText {
  readonly text: Text;
  #plain: string | undefined;
  #terms: readonly string[] | undefined;
  #sentences: readonly (readonly Token[])[] | undefined;
  #narration: readonly (readonly Token[])[] | undefined;

  constructor(text: Text) {
    this.text = text;
  }

  /** The normalised text on one line, the same for both origins: see `normaliseText`. */
  get plain(): string {
    this.#plain ??= normaliseText(this.text.text);
    return this.#plain;
  }

  /** Its normalised words, in order. */
  get terms(): readonly string[] {
    this.#terms ??= termsOf(this.plain);
    return this.#terms;
  }

  /** Its tokens with their parts of speech, sentence by sentence. */
  get sentences(): readonly (readonly Token[])[] {
    this.#sentences ??= sentencesOf(this.plain).map(tokensOf);
    return this.#sentences;
  }

  /** The narration: the sentences without dialogue, or all if everything is dialogue. */
  get narration(): readonly (readonly Token[])[] {
    this.#narration ??= this.#parsedNarration();
    return this.#narration;
  }

  #parsedNarration(): readonly (readonly Token[])[] {
    const spoken = dialogueOf(this.plain);
    if (spoken.length === 0) return this.sentences;
    const narrated = removeParts(this.plain, spoken);
    return /\p{L}/u.test(narrated) ? sentencesOf(narrated).map(tokensOf) : this.sentences;
  }
}

/** A text without some of its parts, given in order. */
function removeParts(text: string, parts: readonly string[]): string {
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
