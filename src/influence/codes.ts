import { type ClusteredEstimate, clusteredContrast, clusteredMean } from "../stats/clustered.ts";
import { holm } from "../stats/multiple-tests.ts";
import { ownPairing } from "../stats/own-pairing.ts";
import { studentTwoSided } from "../stats/student-t.ts";
import { type Coder, CoderKind, majority } from "../study/coding.ts";
import { type Finding, sentence, table } from "../study/finding.ts";
import type { Generation } from "../study/generation.ts";
import { counted, percent, pValue } from "../study/print.ts";
import type { Story } from "../study/story.ts";
import type { Variable } from "../workbench/codebook.ts";
import { endsOf, meanOf, othersOf } from "./likeness.ts";
import type { Seen } from "./seen.ts";

/**
 * The codebook's codes of the example, and of the story that a person wrote to the title, against the code of the text:
 * kind of love, tone and setting, by each way of coding that reached the factorial. For every variable: how often the
 * codes agree beyond what the other examples of the title (the other titles of the example) give, and which of the two
 * the text follows more. For every code: its share under examples that have it less that under others.
 *
 * All is tested by dealing the examples anew among the texts of a title (the titles among the texts of an example),
 * corrected by Holm over all variables; single codes are claimed only under a variable that is.
 */
export function codes(seen: Seen): { findings: Finding[]; numbers: Record<string, unknown> } {
  const asked = CoderKind.options.flatMap((kind) =>
    seen.variables.flatMap((variable) => {
      const coded = codedBy(kind, variable, seen);
      return coded ? [coded] : [];
    }),
  );
  if (asked.length === 0) return { findings: [], numbers: {} };
  const followed = corrected(asked.flatMap((coded) => followedOf(coded, seen)));
  const single = corrected(asked.flatMap((coded) => singleCodes(coded, seen)));
  return {
    findings: [
      ...asked.map((coded) => sentence("result", say(coded, followed, single, seen.alpha))),
      table(
        "result",
        "How often a text has the code of its own example, and of the story that a person wrote to its title",
        followedTable(followed),
      ),
      ...(single.length > 0
        ? [
            table(
              "detail",
              "Each code: its share of the texts under examples that have it, and under others",
              singleTable(single),
            ),
          ]
        : []),
      sentence("method", methodOf(asked, followed.length)),
    ],
    numbers: {
      codes: {
        variables: followed.map(({ coded: { variable, kind, texts }, ...each }) => ({
          variable: variable.name,
          by: kind,
          texts: texts.length,
          ...each,
        })),
        codes: single.map(({ coded: { variable, kind }, ...each }) => ({
          variable: variable.name,
          by: kind,
          ...each,
        })),
      },
    },
  };
}

/** What one kind of coder gave of one variable: the texts, examples and titles that have a code. */
interface Coded {
  readonly variable: Variable;
  readonly kind: CoderKind;
  readonly texts: readonly Generation[];
  readonly examples: readonly Story[];
  readonly titles: readonly Story[];
  readonly code: ReadonlyMap<string, string>;
}

/** Undefined where too little is coded to compare: two examples, two titles, and a dozen texts. */
function codedBy(kind: CoderKind, variable: Variable, seen: Seen): Coded | undefined {
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

/** What a text's code follows: the example's, the title's, or the one more than the other. */
interface Followed {
  readonly coded: Coded;
  readonly what: "example" | "title" | "example less title";
  /** How often the codes agree, and how often with the others'; undefined for the difference. */
  readonly own?: number;
  readonly others?: number;
  readonly excess: ClusteredEstimate;
  readonly p: number;
}

function followedOf(coded: Coded, seen: Seen): Followed[] {
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
interface SingleCode {
  readonly coded: Coded;
  readonly code: string;
  /** Examples that have it. */
  readonly examples: number;
  readonly under: number;
  readonly elsewhere: number;
  readonly difference: ClusteredEstimate;
  readonly p: number;
}

function singleCodes(coded: Coded, seen: Seen): SingleCode[] {
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

type Corrected<Tested> = Tested & { readonly corrected: number };

function corrected<Tested extends { readonly p: number }>(tests: readonly Tested[]): Corrected<Tested>[] {
  const adjusted = holm(tests.map(({ p }) => p));
  return tests.map((test, at) => ({ ...test, corrected: adjusted[at]! }));
}

function say(
  coded: Coded,
  followed: readonly Corrected<Followed>[],
  single: readonly Corrected<SingleCode>[],
  alpha: number,
): string {
  const of = (what: Followed["what"]) => followed.find((each) => each.coded === coded && each.what === what)!;
  const [example, title, difference] = [of("example"), of("title"), of("example less title")];
  const claimed = (test: Corrected<Followed>) => test.corrected <= alpha;
  const begin = `${coded.variable.title}, coded by ${coderWords[coded.kind]}`;
  const numbers = `${percent(example.own!)} of ${counted(coded.texts.length, "text")} have their own example’s code, ${percent(example.others!)} another example’s (${pValue(example.corrected)}, corrected)`;
  const carried = single
    .filter((each) => each.coded === coded && each.corrected <= alpha)
    .map(({ code }) => code);
  const which =
    claimed(example) && carried.length > 0 ? ` Single codes that carry over: ${carried.join(", ")}.` : "";
  const winner = difference.excess.estimate > 0 ? example : title;
  const more =
    claimed(difference) && claimed(winner)
      ? ` It follows the ${winner === example ? "example more than the title" : "title more than the example"}.`
      : "";
  const verdict =
    claimed(example) && claimed(title)
      ? "it carries over from the example, and goes with the title too"
      : claimed(example)
        ? "it carries over from the example; that it goes with the title is not shown"
        : claimed(title)
          ? "it goes with the title; that it carries over from the example is not shown"
          : "that it carries over from the example is not shown, nor that it goes with the title";
  return `${begin}: ${verdict}. ${numbers}.${which}${more}`;
}

const coderWords: Record<CoderKind, string> = {
  people: "people",
  model: "a language model",
  cues: "cue words",
};

function methodOf(asked: readonly Coded[], tests: number): string {
  const cues = asked.some(({ kind }) => kind === "cues")
    ? " Cue words are the weakest way of coding: what they miss weakens a leak, and a cue that is copied from the example is one."
    : "";
  return `Codes of example and text: agreement with the own example less that with the others, by dealing the examples anew among the texts of a title; agreement with the title’s own story, by dealing the titles anew among the texts of an example; their difference by Student’s t clustered by title and by example; ${tests} tests, corrected (Holm). Single codes are corrected among themselves and claimed only under a variable that carries over.${cues}`;
}

const followedTable = (tests: readonly Corrected<Followed>[]) => ({
  columns: [
    { key: "variable", label: "Code (coded by)", format: "text" as const },
    { key: "what", label: "against", format: "text" as const },
    { key: "own", label: "its own", format: "percent" as const },
    { key: "others", label: "others", format: "percent" as const },
    { key: "excess", label: "difference", format: "percent" as const },
    { key: "low", label: "95 % interval", format: "percent" as const },
    { key: "high", label: "to", format: "percent" as const },
    { key: "p", label: "p, corrected", format: "p" as const },
  ],
  rows: tests.map(({ coded, what, own, others, excess, corrected: p }) => ({
    variable: `${coded.variable.title} (${coderWords[coded.kind]})`,
    what:
      what === "title" ? "the title’s own story" : what === "example" ? "its example" : "example less title",
    own: own ?? null,
    others: others ?? null,
    excess: excess.estimate,
    ...endsOf(excess.interval),
    p,
  })),
});

const singleTable = (tests: readonly Corrected<SingleCode>[]) => ({
  columns: [
    { key: "code", label: "Code (coded by)", format: "text" as const },
    { key: "examples", label: "examples", format: "integer" as const },
    { key: "under", label: "under these", format: "percent" as const },
    { key: "elsewhere", label: "under others", format: "percent" as const },
    { key: "difference", label: "difference", format: "percent" as const },
    { key: "low", label: "95 % interval", format: "percent" as const },
    { key: "high", label: "to", format: "percent" as const },
    { key: "p", label: "p, corrected", format: "p" as const },
  ],
  rows: tests.map(({ coded, code, examples, under, elsewhere, difference, corrected: p }) => ({
    code: `${coded.variable.title}: ${code} (${coderWords[coded.kind]})`,
    examples,
    under,
    elsewhere,
    difference: difference.estimate,
    ...endsOf(difference.interval),
    p,
  })),
});
