import { termsOf } from "../text/words.ts";

/** Texts in which runs of words are looked up: where each three words in a row stand. */
export class RunIndex {
  readonly #texts: readonly { readonly id: string; readonly terms: readonly string[] }[];
  readonly #places = new Map<string, [text: number, at: number][]>();

  constructor(texts: readonly { readonly id: string; readonly text: string }[]) {
    this.#texts = texts.map(({ id, text }) => ({ id, terms: termsOf(text) }));
    this.#texts.forEach(({ terms }, text) => {
      for (let at = 0; at + shortest <= terms.length; at++) {
        const run = runAt(terms, at);
        const places = this.#places.get(run);
        if (places) places.push([text, at]);
        else this.#places.set(run, [[text, at]]);
      }
    });
  }

  /** The longest run of three words or more that stands in a text other than `except`: its length and the text's id. */
  longest(
    terms: readonly string[],
    except: string,
  ): { readonly length: number; readonly in: string } | undefined {
    let best: { length: number; in: string } | undefined;
    for (let start = 0; start + shortest <= terms.length; start++) {
      for (const [text, at] of this.#places.get(runAt(terms, start)) ?? []) {
        const { id, terms: theirs } = this.#texts[text]!;
        // A run that goes on from the word before was measured from its beginning.
        if (id === except || (start > 0 && at > 0 && terms[start - 1] === theirs[at - 1])) continue;
        let length = shortest;
        while (start + length < terms.length && terms[start + length] === theirs[at + length]) length++;
        if (length > (best?.length ?? 0)) best = { length, in: id };
      }
    }
    return best;
  }
}

/** Every story shares two words in a row with some other. */
const shortest = 3;

const runAt = (terms: readonly string[], at: number): string =>
  `${terms[at]} ${terms[at + 1]} ${terms[at + 2]}`;
