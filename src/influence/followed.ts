import { type ClusteredEstimate, clusteredContrast, clusteredMean } from "../stats/clustered.ts";
import { holm } from "../stats/multiple-tests.ts";
import { ownPairing } from "../stats/own-pairing.ts";
import { studentTwoSided } from "../stats/student-t.ts";
import type { Coded } from "./coded.ts";
import { meanOf, othersOf } from "./likeness.ts";
import type { InfluenceInput } from "./seen.ts";

/** What a text's code follows: the example's, the title's, or the one more than the other. */
export interface Followed {
  readonly coded: Coded;
  readonly what: "example" | "title" | "example less title";
  /** How often the codes agree, and how often with the others'; undefined for the difference. */
  readonly own?: number;
  readonly others?: number;
  readonly excess: ClusteredEstimate;
  readonly p: number;
}

/** What the codes of the texts follow, each tested by dealing anew. */
export function followedOf(coded: Coded, seen: InfluenceInput): Followed[] {
  const { texts, examples, titles, code, kind, variable } = coded;
  const random = seen.random.fork("codes", kind, variable.name);
  const ofExample = texts.map((text) => text.examples[0]!);
  const ofTitle = texts.map(({ story }) => story);
  const clusters = [ofTitle, ofExample];
  const against = (what: "example" | "title"): Followed & { each: number[] } => {
    const [partners, mine, blocks] =
      what === "example" ? [examples, ofExample, ofTitle] : [titles, ofTitle, ofExample];
    const own = mine.map((id) => partners.findIndex((partner) => partner.id === id));
    const same = texts.map(({ id }) =>
      partners.map((partner) => Number(code.get(partner.id) === code.get(id))),
    );
    const hits = same.map((row, at) => row[own[at]!]!);
    const chance = same.map((row, at) => othersOf(row, own[at]!));
    const each = hits.map((hit, at) => hit - chance[at]!);
    return {
      coded,
      what,
      own: meanOf(hits),
      others: meanOf(chance),
      excess: clusteredMean(each, clusters),
      p: ownPairing(same, own, blocks, seen.permutations, random.fork(what)).p,
      each,
    };
  };
  const [{ each: toExample, ...example }, { each: toTitle, ...title }] = [
    against("example"),
    against("title"),
  ];
  const difference = clusteredMean(
    toExample.map((value, at) => value - toTitle[at]!),
    clusters,
  );
  const { estimate, standardError, degrees } = difference;
  // Without any spread there is nothing to tell the two apart by.
  const p = standardError > 0 && degrees > 0 ? studentTwoSided(estimate / standardError, degrees) : 1;
  return [example, title, { coded, what: "example less title", excess: difference, p }];
}

/** One code: how its share of the texts differs between examples that have it and others. */
export interface SingleCode {
  readonly coded: Coded;
  readonly code: string;
  /** Examples that have it. */
  readonly examples: number;
  readonly under: number;
  readonly elsewhere: number;
  readonly difference: ClusteredEstimate;
  readonly p: number;
}

/** Every code that some examples have and others have not. */
export function singleCodes(coded: Coded, seen: InfluenceInput): SingleCode[] {
  const { variable, kind, texts, examples, code } = coded;
  const own = texts.map((text) => examples.findIndex(({ id }) => id === text.examples[0]));
  return variable.codes.flatMap(({ code: name }): SingleCode[] => {
    const having = examples.map(({ id }) => Number(code.get(id) === name));
    const count = having.filter(Boolean).length;
    const has = texts.map(({ id }) => Number(code.get(id) === name));
    const under = own.map((at) => having[at]!);
    // Where no example has it, or all have, nothing can be compared.
    if (new Set(under).size < 2 || !has.includes(1)) return [];
    const difference = clusteredContrast(has, {
      clusters: [texts.map(({ story }) => story), own],
      groups: under,
      weights: new Map([
        [1, 1],
        [0, -1],
      ]),
    });
    // With as many texts under each example, the difference and the likeness below rank every deal alike.
    const { p } = ownPairing(
      has.map((value) => having.map((each) => value * each)),
      own,
      texts.map(({ story }) => story),
      seen.permutations,
      seen.random.fork("codes", kind, variable.name, "code", name),
    );
    const share = (of: number) => meanOf(has.filter((_, at) => under[at] === of));
    return [{ coded, code: name, examples: count, under: share(1), elsewhere: share(0), difference, p }];
  });
}

export type Corrected<Tested> = Tested & { readonly corrected: number };

/** P-values by Holm over all tests of a kind. */
export function corrected<Tested extends { readonly p: number }>(
  tests: readonly Tested[],
): Corrected<Tested>[] {
  const adjusted = holm(tests.map(({ p }) => p));
  return tests.map((test, at) => ({ ...test, corrected: adjusted[at]! }));
}
