import type { QuickMeasure } from "./measure.ts";
import type { Token } from "./tokens.ts";

/**
 * The share of a sentence's entities (nouns and names by lemma, and pronouns by person) that the next sentence mentions
 * too, averaged over neighbouring sentences. It operationalises the 2022 study's "information persistence", after the
 * entity grid of Barzilay and Lapata (2008). Undefined for a text of one sentence.
 */
export const continuity: QuickMeasure = {
  name: "continuity",
  label: "continuity between sentences",
  meaning: "share of a sentence’s entities that the next sentence mentions too",
  unit: "share of entities",
  format: "number",
  version: 1,
  of({ sentences }) {
    const entities = sentences.map(entitiesOf).filter((set) => set.size > 0);
    const shares = entities.slice(1).map((set, at) => shareRepeated(entities[at]!, set));
    if (shares.length === 0) return undefined;
    return shares.reduce((sum, share) => sum + share, 0) / shares.length;
  },
};

const entitiesOf = (sentence: readonly Token[]): Set<string> => new Set(sentence.flatMap(entityOf));

function entityOf({ text, pos, lemma }: Token): string[] {
  const person = pronounEntities.get(text.toLowerCase());
  if (person) return [person];
  return pos === "NOUN" || pos === "PROPN" ? [lemma.toLowerCase()] : [];
}

function shareRepeated(before: ReadonlySet<string>, after: ReadonlySet<string>): number {
  const repeated = [...before].filter((entity) => after.has(entity)).length;
  return repeated / before.size;
}

const pronounEntities = new Map(
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
