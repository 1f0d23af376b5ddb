import type { QuickMeasure } from "./measure.ts";
import type { Token } from "./tokens.ts";

/**
 * How much of what a sentence speaks of stays in sight in the next one: the share of its entities (nouns and names
 * by lemma, and the people that pronouns stand for: the narrator, you, he, she, they) that the next one takes up,
 * averaged over the pairs of neighbours. It is the 2022 study's
 * "information persistence", made countable after the entity grid of Barzilay and Lapata 2008. Undefined for a
 * text of one sentence.
 */
export const continuity: QuickMeasure = {
  name: "continuity",
  means: "how much of what a sentence speaks of the next one takes up",
  unit: "share of entities",
  format: "number",
  version: 1,
  of({ sentences }) {
    const entities = sentences.map(entitiesOf).filter((set) => set.size > 0);
    const shares = entities.slice(1).map((set, at) => sharedWith(entities[at]!, set));
    if (shares.length === 0) return undefined;
    return shares.reduce((sum, share) => sum + share, 0) / shares.length;
  },
};

const entitiesOf = (sentence: readonly Token[]): Set<string> => new Set(sentence.flatMap(entityOf));

function entityOf({ text, pos, lemma }: Token): string[] {
  const person = people.get(text.toLowerCase());
  if (person) return [person];
  return pos === "NOUN" || pos === "PROPN" ? [lemma.toLowerCase()] : [];
}

function sharedWith(before: ReadonlySet<string>, after: ReadonlySet<string>): number {
  const taken = [...before].filter((entity) => after.has(entity)).length;
  return taken / before.size;
}

const people = new Map(
  [
    "i me my mine myself",
    "we us our ours ourselves",
    "you your yours yourself yourselves",
    "he him his himself",
    "she her hers herself",
    "they them their theirs themselves",
  ].flatMap((forms) =>
    forms.split(" ").map((form): [string, string] => [form, `pronoun ${forms.split(" ")[0]}`]),
  ),
);
