import { createRequire } from "node:module";
import type * as Tinyld from "tinyld";
import { functionWords } from "../text/function-words.ts";
import type { QuickMeasure } from "./measure.ts";
import type { Token } from "./tokens.ts";

/**
 * Phrases in another language, each with its code: `te quiero mucho (es)`. Looked for are runs of words that the
 * lexicon of English lacks, three or more of them, or two with a letter that English has not; those that are all
 * capitalised are names. A run counts where tinyld is sure enough of its language, so that single words, and
 * phrases in languages that tinyld does not know, are missed.
 */
export const foreign: QuickMeasure = {
  name: "foreign",
  means: "phrases in another language than English, with the language’s code",
  unit: "phrases",
  format: "text",
  version: 1,
  of: ({ sentences }) => sentences.flatMap(foreignRuns).flatMap(named).join("; "),
};

function named(run: string): string[] {
  const [likeliest] = tinyld()
    .detectAll(run)
    .filter(({ lang }) => !invented.has(lang));
  return likeliest && likeliest.lang !== "en" && likeliest.accuracy >= sureness
    ? [`${run} (${likeliest.lang})`]
    : [];
}

/** Its tables take long to load, so they are loaded at the first phrase. */
const tinyld = (): typeof Tinyld => createRequire(import.meta.url)("tinyld");

const sureness = 0.5;

/** Klingon and Volapük, which tinyld finds in many a name. */
const invented = new Set(["tlh", "vo"]);

/** A word that English has too may stand between two that it lacks. */
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
  const strange = run.filter(({ known }) => !known).map(({ text }) => text);
  const enough = strange.length >= 3 || (strange.length === 2 && /[^\x00-\x7f]/.test(strange.join("")));
  return enough && strange.some((word) => /^\p{Ll}/u.test(word));
}
