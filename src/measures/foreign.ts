import { createRequire } from "node:module";
import type * as Tinyld from "tinyld";
import { functionWords } from "../text/function-words.ts";
import type { QuickMeasure } from "./measure.ts";
import type { Token } from "./tokens.ts";

/**
 * Phrases in another language, each with its code: `te quiero mucho (es)`. Candidates are runs of at least three words that
 * are not in the English lexicon, or of two with a non-English letter; runs of only capitalised words are names. A run
 * counts if tinyld identifies its language with enough confidence, so single words and unknown languages are missed.
 */
export const foreign: QuickMeasure = {
  name: "foreign",
  label: "foreign phrases",
  meaning: "phrases in a language other than English, with the language’s code",
  unit: "phrases",
  format: "text",
  version: 1,
  of: ({ sentences }) => sentences.flatMap(foreignRuns).flatMap(identified).join("; "),
};

function identified(run: string): string[] {
  const [likeliest] = tinyld()
    .detectAll(run)
    .filter(({ lang }) => !ignoredLanguages.has(lang));
  return likeliest && likeliest.lang !== "en" && likeliest.accuracy >= minConfidence
    ? [`${run} (${likeliest.lang})`]
    : [];
}

/** Its tables take long to load, so they are loaded at the first phrase. */
const tinyld = (): typeof Tinyld => createRequire(import.meta.url)("tinyld");

const minConfidence = 0.5;

/** Klingon and Volapük, which tinyld often finds in names. */
const ignoredLanguages = new Set(["tlh", "vo"]);

/** A known English word may be part of a run between two unknown ones. */
function foreignRuns(sentence: readonly Token[]): string[] {
  const words = sentence.filter(({ text }) => /[\p{L}]/u.test(text));
  const runs: string[] = [];
  let run: Token[] = [];
  const close = () => {
    while (run.at(-1)?.known) run.pop();
    if (isPhrase(run)) runs.push(run.map(({ text }) => text).join(" "));
    run = [];
  };
  for (const word of words) {
    const bridges = run.length > 0 && !run.at(-1)!.known && !functionWords.has(word.text.toLowerCase());
    if (!word.known || bridges) run.push(word);
    else close();
  }
  close();
  return runs;
}

function isPhrase(run: readonly Token[]): boolean {
  const unknown = run.filter(({ known }) => !known).map(({ text }) => text);
  const enough = unknown.length >= 3 || (unknown.length === 2 && /[^\x00-\x7f]/.test(unknown.join("")));
  return enough && unknown.some((word) => /^\p{Ll}/u.test(word));
}
