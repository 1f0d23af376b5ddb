import { CoderKind } from "../study/coding.ts";
import { type Finding, sentence, table } from "../study/finding.ts";
import { counted, percent, pValue } from "../study/print.ts";
import {
  type CodeTest,
  type Corrected,
  codeTests,
  corrected,
  type SingleCode,
  singleCodes,
} from "./code-tests.ts";
import { type CodedVariable, codedVariable } from "./coded.ts";
import type { Factorial } from "./factorial.ts";
import { intervalCells } from "./similarity.ts";

/**
 * Whether the code of a text (kind of love, tone, setting) follows the code of its example or of the human story with the
 * same title, for each kind of coder. For every variable: how often the codes agree, compared with the other examples (the
 * other titles), and which of the two the text follows more. For every code: its share of texts under examples that have
 * it, minus its share under the others.
 *
 * Tests permute the examples among the texts of a title (the titles among the texts of an example), corrected by Holm over
 * all variables; single codes are claimed only if their variable is significant.
 */
export function codes(factorial: Factorial): { findings: Finding[]; numbers: Record<string, unknown> } {
  const variables = CoderKind.options.flatMap((kind) =>
    factorial.variables.flatMap((variable) => {
      const coded = codedVariable(kind, variable, factorial);
      return coded ? [coded] : [];
    }),
  );
  if (variables.length === 0) return { findings: [], numbers: {} };
  const tests = corrected(variables.flatMap((coded) => codeTests(coded, factorial)));
  const single = corrected(variables.flatMap((coded) => singleCodes(coded, factorial)));
  return {
    findings: [
      ...variables.map((coded) => sentence("result", variableText(coded, tests, single, factorial.alpha))),
      table(
        "result",
        "How often a text has the code of its own example, and of the human story with its title",
        testsTable(tests),
      ),
      ...(single.length > 0
        ? [
            table(
              "detail",
              "Each code: its share of texts under examples that have it, and under other examples",
              singleTable(single),
            ),
          ]
        : []),
      sentence("method", methodOf(variables, tests.length)),
    ],
    numbers: {
      codes: {
        variables: tests.map(({ coded: { variable, kind, texts }, ...each }) => ({
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

function variableText(
  coded: CodedVariable,
  tests: readonly Corrected<CodeTest>[],
  single: readonly Corrected<SingleCode>[],
  alpha: number,
): string {
  const of = (what: CodeTest["what"]) => tests.find((each) => each.coded === coded && each.what === what)!;
  const [example, title, difference] = [of("example"), of("title"), of("example less title")];
  const claimed = (test: Corrected<CodeTest>) => test.corrected <= alpha;
  const subject = `${coded.variable.title}, coded by ${coderWords[coded.kind]}`;
  const numbers = `${percent(example.own!)} of ${counted(coded.texts.length, "text")} have the code of their own example, ${percent(example.others!)} that of another example (${pValue(example.corrected)}, corrected)`;
  const following = single
    .filter((each) => each.coded === coded && each.corrected <= alpha)
    .map(({ code }) => code);
  const which =
    claimed(example) && following.length > 0
      ? ` Codes that follow the example: ${following.join(", ")}.`
      : "";
  const winner = difference.excess.estimate > 0 ? example : title;
  const more =
    claimed(difference) && claimed(winner)
      ? ` It follows the ${winner === example ? "example more than the title" : "title more than the example"}.`
      : "";
  const verdict =
    claimed(example) && claimed(title)
      ? "the code follows the example and the title"
      : claimed(example)
        ? "the code follows the example; an effect of the title is not shown"
        : claimed(title)
          ? "the code follows the title; an effect of the example is not shown"
          : "neither an effect of the example nor of the title is shown";
  return `${subject}: ${verdict}. ${numbers}.${which}${more}`;
}

const coderWords: Record<CoderKind, string> = {
  people: "people",
  model: "a language model",
  cues: "word lists",
};

function methodOf(variables: readonly CodedVariable[], tests: number): string {
  const cues = variables.some(({ kind }) => kind === "cues")
    ? " Cue words are the least reliable coding: missed cues make a leak look smaller, and copying a cue word from the example counts as a leak."
    : "";
  return `Codes of example and text: agreement with the text’s own example minus agreement with the others, tested by permuting the examples among the texts of a title; agreement with the human story with the same title, tested by permuting the titles among the texts of an example; their difference by Student’s t clustered by title and by example. The ${tests} tests are corrected by Holm. Single codes are corrected among themselves and claimed only for a significant variable.${cues}`;
}

const testsTable = (tests: readonly Corrected<CodeTest>[]) => ({
  columns: [
    { key: "variable", label: "Code (coded by)", format: "text" as const },
    { key: "what", label: "compared with", format: "text" as const },
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
      what === "title"
        ? "the human story with its title"
        : what === "example"
          ? "its example"
          : "example minus title",
    own: own ?? null,
    others: others ?? null,
    excess: excess.estimate,
    ...intervalCells(excess.interval),
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
    ...intervalCells(difference.interval),
    p,
  })),
});
