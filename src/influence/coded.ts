import type { Variable } from "../coding/codebook.ts";
import { type Coder, type CoderKind, majority } from "../study/coding.ts";
import type { Generation } from "../study/generation.ts";
import type { Story } from "../study/story.ts";
import type { InfluenceInput } from "./seen.ts";

/** What one kind of coder gave of one variable: the texts, examples and titles that have a code. */
export interface Coded {
  readonly variable: Variable;
  readonly kind: CoderKind;
  readonly texts: readonly Generation[];
  readonly examples: readonly Story[];
  readonly titles: readonly Story[];
  readonly code: ReadonlyMap<string, string>;
}

/** Undefined where too little is coded to compare: two examples, two titles, and a dozen texts. */
export function codedBy(kind: CoderKind, variable: Variable, seen: InfluenceInput): Coded | undefined {
  const code = majorities(
    seen.coders.filter((coder) => coder.kind === kind),
    variable.name,
  );
  const has = ({ id }: { id: string }) => code.has(id);
  const examples = seen.examples.filter(has);
  const titles = seen.titles.filter(has);
  const known = new Set([...examples, ...titles].map(({ id }) => id));
  const texts = seen.texts.filter(
    (text) => has(text) && known.has(text.examples[0]!) && known.has(text.story),
  );
  const used = (of: (text: Generation) => string) => new Set(texts.map(of)).size;
  const enough =
    texts.length >= fewestTexts && used(({ story }) => story) > 1 && used(({ examples: [one] }) => one!) > 1;
  return enough ? { variable, kind, texts, examples, titles, code } : undefined;
}

const fewestTexts = 12;

/** The code of each text by the majority of those who coded it. */
function majorities(coders: readonly Coder[], variable: string): Map<string, string> {
  const given = new Map<string, string[]>();
  for (const coding of coders.flatMap(({ codings }) => codings)) {
    if (coding.variable === variable)
      given.set(coding.text, [...(given.get(coding.text) ?? []), coding.code]);
  }
  const settled = new Map<string, string>();
  for (const [text, list] of given) {
    const winner = majority(list);
    if (winner !== undefined) settled.set(text, winner);
  }
  return settled;
}
