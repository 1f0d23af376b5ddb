import { termsOf } from "../text/words.ts";

/** An index of texts by every three words in a row, to find common runs of words. */
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

  /** The longest common run of at least three words with a text other than `except`: its length and the text's id. */
  longest(
    terms: readonly string[],
    except: string,
  ): { readonly length: number; readonly in: string } | undefined {
    let best: { length: number; in: string } | undefined;
    for (let start = 0; start + shortest <= terms.length; start++) {
      for (const [text, at] of this.#places.get(runAt(terms, start)) ?? []) {
        const { id, terms: otherTerms } = this.#texts[text]!;
        // Skips a run that continues an earlier one.
        if (id === except || (start > 0 && at > 0 && terms[start - 1] === otherTerms[at - 1])) continue;
        let length = shortest;
        while (start + length < terms.length && terms[start + length] === otherTerms[at + length]) length++;
        if (length > (best?.length ?? 0)) best = { length, in: id };
      }
    }
    return best;
  }
}

/** Shorter runs are shared by almost all stories. */
const shortest = 3;

const runAt = (terms: readonly string[], at: number): string =>
  `${terms[at]} ${terms[at + 1]} ${terms[at + 2]}`;
