import { functionWords } from "../text/function-words.ts";
import { ngramsOf } from "../text/ngrams.ts";
import { normaliseText } from "../text/normalise.ts";
import { sentencesOf } from "../text/sentences.ts";
import { termsOf } from "../text/words.ts";
import { tokensOf } from "./tokens.ts";

/**
 * How alike two texts are: the mean of two cosines, 0 to 1, of their stems and of their runs of three and four
 * letters, each weighted by TF-IDF over the texts that it is made of (1 + ln tf, ln((1 + n) / (1 + df)) + 1; Salton and Buckley
 * 1988, smoothed). Stems find `garden` in `gardens`, letters find `ice cream` in `icecream`; among a hundred stories it puts the one that a literal title belongs to first or second, that of an abstract one second on the average.
 */
export class Likeness {
  readonly #spaces: readonly Space[];

  constructor(texts: readonly string[]) {
    this.#spaces = [new Space(stemsOf, texts), new Space(letterRunsOf, texts)];
  }

  of(one: string, other: string): number {
    const cosines = this.#spaces.map((space) => space.cosine(one, other));
    return cosines.reduce((sum, cosine) => sum + cosine, 0) / cosines.length;
  }
}

type Terms = (text: string) => string[];

class Space {
  readonly #terms: Terms;
  readonly #weights = new Map<string, number>();
  readonly #unseen: number;

  constructor(terms: Terms, texts: readonly string[]) {
    this.#terms = terms;
    const holders = new Map<string, number>();
    for (const text of texts) {
      for (const term of new Set(terms(text))) holders.set(term, (holders.get(term) ?? 0) + 1);
    }
    for (const [term, count] of holders) this.#weights.set(term, inverseFrequency(count, texts.length));
    this.#unseen = inverseFrequency(0, texts.length);
  }

  cosine(one: string, other: string): number {
    const [first, second] = [this.#vector(one), this.#vector(other)];
    let product = 0;
    for (const [term, weight] of first) product += weight * (second.get(term) ?? 0);
    return product === 0 ? 0 : Math.min(1, product / (lengthOf(first) * lengthOf(second)));
  }

  #vector(text: string): Map<string, number> {
    const counts = new Map<string, number>();
    for (const term of this.#terms(text)) counts.set(term, (counts.get(term) ?? 0) + 1);
    for (const [term, count] of counts) {
      counts.set(term, (1 + Math.log(count)) * (this.#weights.get(term) ?? this.#unseen));
    }
    return counts;
  }
}

const inverseFrequency = (holders: number, texts: number) => Math.log((1 + texts) / (1 + holders)) + 1;

const lengthOf = (vector: ReadonlyMap<string, number>): number =>
  Math.sqrt([...vector.values()].reduce((sum, weight) => sum + weight * weight, 0));

function stemsOf(text: string): string[] {
  const tokens = sentencesOf(normaliseText(text)).flatMap(tokensOf);
  return tokens.filter(({ text }) => isContent(text)).map(({ stem }) => stem);
}

const isContent = (word: string): boolean =>
  /[\p{L}\p{N}]/u.test(word) && !functionWords.has(word.toLowerCase());

function letterRunsOf(text: string): string[] {
  return termsOf(normaliseText(text))
    .filter((term) => !functionWords.has(term))
    .flatMap((term) => {
      const letters = [" ", ...term, " "];
      return [3, 4].flatMap((length) => ngramsOf(letters, length));
    });
}
