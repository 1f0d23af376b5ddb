import type { QuickMeasure } from "./measure.ts";
import type { Token } from "./tokens.ts";

/**
 * The tense of the narration: its finite verbs in the past against those in the present, speech left aside. One
 * that has at least twice as many as the other is the tense; between them it is mixed. Undefined without a verb.
 */
export const tense: QuickMeasure = {
  name: "tense",
  means: "the tense in which it is told, speech left aside",
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

/** Of an auxiliary and its verb (`had gone`, `is walking`) the auxiliary has the tense; after `to` and `will` no verb has one. */
function tensesOf(sentence: readonly Token[]): Tense[] {
  const tenses: Tense[] = [];
  let since = Number.POSITIVE_INFINITY;
  for (const token of sentence) {
    const word = token.text.toLowerCase();
    since++;
    if (token.pos === "AUX" || tenseless.has(word)) {
      const own = auxiliaries.get(word);
      if (own) tenses.push(own);
      since = 0;
    } else if (token.pos === "VERB" && since > reach) {
      const own = tenseOf(token);
      if (own) tenses.push(own);
    } else if (token.pos === "PUNCT" || token.pos === "CCONJ") {
      since = Number.POSITIVE_INFINITY;
    }
  }
  return tenses;
}

/** Words after an auxiliary among which its verb stands: `was not even listening`. */
const reach = 3;

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
