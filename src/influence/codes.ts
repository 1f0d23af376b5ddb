import { CoderKind } from "../study/coding.ts";
import { type Finding, sentence, table } from "../study/finding.ts";
import { counted, percent, pValue } from "../study/print.ts";
import { type Coded, codedBy } from "./coded.ts";
import {
  type Corrected,
  corrected,
  type Followed,
  followedOf,
  type SingleCode,
  singleCodes,
} from "./followed.ts";
import { endsOf } from "./likeness.ts";
import type { InfluenceInput } from "./seen.ts";

/**
 * The codebook's codes of the example, and of the story that a person wrote to the title, against the code of the text:
 * kind of love, tone and setting, by each way of coding that reached the factorial. For every variable: how often the
 * codes agree beyond what the other examples of the title (the other titles of the example) give, and which of the two
 * the text follows more. For every code: its share under examples that have it less that under others.
 *
 * All is tested by dealing the examples anew among the texts of a title (the titles among the texts of an example),
 * corrected by Holm over all variables; single codes are claimed only under a variable that is.
 */
export function codes(seen: InfluenceInput): { findings: Finding[]; numbers: Record<string, unknown> } {
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
