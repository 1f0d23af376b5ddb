import type { Variable } from "../coding/codebook.ts";
import { type Coder, type CoderKind, majority } from "../study/coding.ts";
import type { Generation } from "../study/generation.ts";
import type { Story } from "../study/story.ts";
import type { Factorial } from "./factorial.ts";

/** The codes of one variable by one kind of coder, with the texts, examples and titles that have a code. */
export interface CodedVariable {
  readonly variable: Variable;
  readonly kind: CoderKind;
  readonly texts: readonly Generation[];
  readonly examples: readonly Story[];
  readonly titles: readonly Story[];
  readonly code: ReadonlyMap<string, string>;
}

/** Undefined if too little is coded: at least two examples, two titles and twelve texts are needed. */
export function codedVariable(
  kind: CoderKind,
  variable: Variable,
  factorial: Factorial,
): CodedVariable | undefined {
  const code = majorities(
    factorial.coders.filter((coder) => coder.kind === kind),
    variable.name,
  );
  const has = ({ id }: { id: string }) => code.has(id);
  const examples = factorial.examples.filter(has);
  const titles = factorial.titles.filter(has);
  const known = new Set([...examples, ...titles].map(({ id }) => id));
  const texts = factorial.texts.filter(
    (text) => has(text) && known.has(text.examples[0]!) && known.has(text.story),
  );
  const used = (of: (text: Generation) => string) => new Set(texts.map(of)).size;
  const enough =
    texts.length >= minTexts && used(({ story }) => story) > 1 && used(({ examples: [one] }) => one!) > 1;
  return enough ? { variable, kind, texts, examples, titles, code } : undefined;
}

const minTexts = 12;

/** The code of each text by the majority of its coders. */
function majorities(coders: readonly Coder[], variable: string): Map<string, string> {
  const given = new Map<string, string[]>();
  for (const coding of coders.flatMap(({ codings }) => codings)) {
    if (coding.variable === variable)
      given.set(coding.text, [...(given.get(coding.text) ?? []), coding.code]);
  }
  const majorityCodes = new Map<string, string>();
  for (const [text, list] of given) {
    const winner = majority(list);
    if (winner !== undefined) majorityCodes.set(text, winner);
  }
  return majorityCodes;
}
