import { createRequire } from "node:module";
import type winkNLP from "wink-nlp";

/** A token of a sentence as wink-nlp reads it. `pos` is a part of speech of Universal Dependencies. */
export interface Token {
  readonly text: string;
  readonly pos: string;
  readonly lemma: string;
  /** Whether it is in wink's English lexicon. */
  readonly known: boolean;
}

/** The tokens of one sentence (from `sentencesOf`). Quotes should be straight. */
export function tokensOf(sentence: string): Token[] {
  const { nlp, its, lexiconSize } = englishModel();
  const tokens = nlp.readDoc(sentence).tokens();
  const texts = tokens.out();
  const tags = tokens.out(its.pos) as string[];
  const lemmas = tokens.out(its.lemma as Its) as string[];
  const wordNumbers = tokens.out(its.uniqueId) as unknown as number[];
  const spaces = tokens.out(its.precedingSpaces) as string[];
  const merged: Token[] = [];
  texts.forEach((text, at) => {
    const token = {
      text,
      pos: tags[at]!,
      lemma: lemmas[at]!,
      known: wordNumbers[at]! < lexiconSize,
    };
    const before = merged.at(-1);
    if (before && spaces[at] === "" && isSplitWord(before.text, text))
      merged[merged.length - 1] = joinTokens(before, token);
    else merged.push(token);
  });
  return merged;
}

/** wink splits a word at letters beyond Latin-1 (`Wama ŋ e`). */
const isSplitWord = (before: string, after: string): boolean =>
  /^[\p{L}\p{M}]+$/u.test(before + after) && /[^\u0000-\u00ff]/.test(before + after);

function joinTokens(before: Token, after: Token): Token {
  const text = before.text + after.text;
  return { text, pos: before.pos, lemma: text.toLowerCase(), known: false };
}

type English = {
  nlp: ReturnType<typeof winkNLP>;
  its: ReturnType<typeof winkNLP>["its"];
  lexiconSize: number;
};

/** The package's types lack an argument of this function. */
type Its = English["its"]["value"];

let loaded: English | undefined;

/** The model of English takes a second to load, so it is loaded when the first sentence is read. */
function englishModel(): English {
  loaded ??= loadEnglishModel();
  return loaded;
}

function loadEnglishModel(): English {
  const load = createRequire(import.meta.url);
  const nlp: English["nlp"] = load("wink-nlp")(load("wink-eng-lite-web-model"), ["pos"]);
  const { its } = nlp;
  // Unknown words are numbered after the lexicon's words, so the first of them gives its size.
  const [lexiconSize] = nlp.readDoc("zqxwvkj").tokens().out(its.uniqueId) as unknown as number[];
  return { nlp, its, lexiconSize: lexiconSize! };
}
