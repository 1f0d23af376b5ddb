import { type ClusteredEstimate, clusteredContrast, clusteredMean } from "../stats/clustered.ts";
import { holm } from "../stats/multiple-tests.ts";
import { ownPairing } from "../stats/own-pairing.ts";
import { studentTwoSided } from "../stats/student-t.ts";
import type { CodedVariable } from "./coded.ts";
import type { Factorial } from "./factorial.ts";
import { meanOf, meanOfOthers } from "./similarity.ts";

/** A test of what the code of a text follows: its example, its title, or one more than the other. */
export interface CodeTest {
  readonly coded: CodedVariable;
  readonly what: "example" | "title" | "example less title";
  /** How often the code agrees with that of the text's own example or title, and of the others; undefined for the difference. */
  readonly own?: number;
  readonly others?: number;
  readonly excess: ClusteredEstimate;
  readonly p: number;
}

/** The tests of one variable, each by permutation. */
export function codeTests(coded: CodedVariable, factorial: Factorial): CodeTest[] {
  const { texts, examples, titles, code, kind, variable } = coded;
  const random = factorial.random.fork("codes", kind, variable.name);
  const ofExample = texts.map((text) => text.examples[0]!);
  const ofTitle = texts.map(({ story }) => story);
  const clusters = [ofTitle, ofExample];
  const against = (what: "example" | "title"): CodeTest & { each: number[] } => {
    const [partners, mine, blocks] =
      what === "example" ? [examples, ofExample, ofTitle] : [titles, ofTitle, ofExample];
    const own = mine.map((id) => partners.findIndex((partner) => partner.id === id));
    const same = texts.map(({ id }) =>
      partners.map((partner) => Number(code.get(partner.id) === code.get(id))),
    );
    const hits = same.map((row, at) => row[own[at]!]!);
    const chance = same.map((row, at) => meanOfOthers(row, own[at]!));
    const each = hits.map((hit, at) => hit - chance[at]!);
    return {
      coded,
      what,
      own: meanOf(hits),
      others: meanOf(chance),
      excess: clusteredMean(each, clusters),
      p: ownPairing(same, own, blocks, factorial.permutations, random.fork(what)).p,
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
  // Without variation the difference cannot be tested.
  const p = standardError > 0 && degrees > 0 ? studentTwoSided(estimate / standardError, degrees) : 1;
  return [example, title, { coded, what: "example less title", excess: difference, p }];
}

/** One code: the difference of its share of texts between examples that have it and others. */
export interface SingleCode {
  readonly coded: CodedVariable;
  readonly code: string;
  /** Number of examples that have it. */
  readonly examples: number;
  readonly under: number;
  readonly elsewhere: number;
  readonly difference: ClusteredEstimate;
  readonly p: number;
}

/** All codes that some examples have and others don't. */
export function singleCodes(coded: CodedVariable, factorial: Factorial): SingleCode[] {
  const { variable, kind, texts, examples, code } = coded;
  const own = texts.map((text) => examples.findIndex(({ id }) => id === text.examples[0]));
  return variable.codes.flatMap(({ code: name }): SingleCode[] => {
    const having = examples.map(({ id }) => Number(code.get(id) === name));
    const count = having.filter(Boolean).length;
    const has = texts.map(({ id }) => Number(code.get(id) === name));
    const under = own.map((at) => having[at]!);
    // If no example has it, or all have, nothing can be compared.
    if (new Set(under).size < 2 || !has.includes(1)) return [];
    const difference = clusteredContrast(has, {
      clusters: [texts.map(({ story }) => story), own],
      groups: under,
      weights: new Map([
        [1, 1],
        [0, -1],
      ]),
    });
    // In a balanced design this statistic ranks all permutations as the difference does.
    const { p } = ownPairing(
      has.map((value) => having.map((each) => value * each)),
      own,
      texts.map(({ story }) => story),
      factorial.permutations,
      factorial.random.fork("codes", kind, variable.name, "code", name),
    );
    const share = (of: number) => meanOf(has.filter((_, at) => under[at] === of));
    return [{ coded, code: name, examples: count, under: share(1), elsewhere: share(0), difference, p }];
  });
}

export type Corrected<Tested> = Tested & { readonly corrected: number };

/** p-values corrected by Holm over the tests. */
export function corrected<Tested extends { readonly p: number }>(
  tests: readonly Tested[],
): Corrected<Tested>[] {
  const adjusted = holm(tests.map(({ p }) => p));
  return tests.map((test, at) => ({ ...test, corrected: adjusted[at]! }));
}
