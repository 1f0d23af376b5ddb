import type { QuickMeasure } from "./measure.ts";
import type { Token } from "./tokens.ts";

/**
 * The tense of the narration, from its finite verbs without dialogue: past or present if it has at least twice as many verbs
 * as the other, else mixed. Undefined without a verb.
 */
export const tense: QuickMeasure = {
  name: "tense",
  meaning: "tense of the narration, without dialogue",
  unit: "past, present or mixed",
  format: "text",
  version: 1,
  of({ narration }) {
    const tenses = narration.flatMap(tensesOf);
    const past = tenses.filter((tense) => tense === "past").length;
    const present = tenses.length - past;
    if (tenses.length === 0) return undefined;
    return past >= 2 * present ? "past" : present >= 2 * past ? "present" : "mixed";
  },
};

type Tense = "past" | "present";

/** In `had gone` or `is walking` the auxiliary has the tense; verbs after `to` and `will` have none. */
function tensesOf(sentence: readonly Token[]): Tense[] {
  const tenses: Tense[] = [];
  let sinceAuxiliary = Number.POSITIVE_INFINITY;
  for (const token of sentence) {
    const word = token.text.toLowerCase();
    sinceAuxiliary++;
    if (token.pos === "AUX" || tenseless.has(word)) {
      const tense = auxiliaries.get(word);
      if (tense) tenses.push(tense);
      sinceAuxiliary = 0;
    } else if (token.pos === "VERB" && sinceAuxiliary > maxDistance) {
      const tense = tenseOf(token);
      if (tense) tenses.push(tense);
    } else if (token.pos === "PUNCT" || token.pos === "CCONJ") {
      sinceAuxiliary = Number.POSITIVE_INFINITY;
    }
  }
  return tenses;
}

/** How many words after an auxiliary its verb may be: `was not even listening`. */
const maxDistance = 3;

function tenseOf({ text, lemma }: Token): Tense | undefined {
  const word = text.toLowerCase();
  if (word.endsWith("ing")) return undefined;
  if (word === lemma || word === `${lemma}s` || /(?:es|ies)$/.test(word)) return "present";
  return "past";
}

const tenseless = new Set([
  "to",
  "will",
  "'ll",
  "would",
  "'d",
  "can",
  "could",
  "may",
  "might",
  "must",
  "shall",
  "should",
]);

const auxiliaries = new Map<string, Tense>([
  ..."was were had did".split(" ").map((word): [string, Tense] => [word, "past"]),
  ..."am is are 'm 's 're has have 've do does".split(" ").map((word): [string, Tense] => [word, "present"]),
]);
