import { stemmer } from "stemmer";
import type { Figure, Table } from "../study/finding.ts";
import { longestCommonRun } from "../text/copying.ts";
import { functionWords } from "../text/function-words.ts";
import type { TextSpace } from "../text/similarity.ts";
import { termsOf } from "../text/words.ts";
import { othersOf } from "./likeness.ts";
import { cellsOf, type InfluenceInput, ownExamples } from "./seen.ts";

const mostPairs = 8;

/** The texts that have most of their own example's words beyond those of others, one a title and example. */
export function pairsTable(seen: InfluenceInput, excess: readonly number[]): Table {
  const { texts, examples } = seen;
  const cells = new Set<string>();
  const rows = texts
    .map((text, at) => ({ text, example: examples[ownExamples(seen)[at]!]!, excess: excess[at]! }))
    .sort((one, other) => other.excess - one.excess)
    .filter(({ text, example }) => {
      const cell = `${text.story}\n${example.id}`;
      return !cells.has(cell) && cells.add(cell);
    })
    .slice(0, mostPairs)
    .map(({ text, example, excess: likeness }) => ({
      title: text.title,
      example: marked(example.text, text.text),
      text: marked(text.text, example.text),
      run: longestCommonRun(text.text, example.text).length,
      excess: likeness,
    }));
  return {
    columns: [
      { key: "title", label: "title", format: "text" },
      { key: "example", label: "the example it was shown", format: "marked" },
      { key: "text", label: "the text that was written", format: "marked" },
      { key: "run", label: "longest run", format: "integer" },
      { key: "excess", label: "likeness", format: "number" },
    ],
    rows,
  };
}

/** The mean excess of each cell: a column that is dark all the way down is an example that leaks whatever the title. */
export function heatMap(seen: InfluenceInput, excess: readonly number[]): Figure {
  const byText = new Map(seen.texts.map(({ id }, at) => [id, excess[at]!]));
  const rows = cellsOf(seen, ({ id }) => byText.get(id)!).flatMap((row, title) =>
    row.map((draws, example) => ({
      title: seen.titles[title]!.title,
      example: seen.examples[example]!.title,
      excess: draws.reduce((sum, value) => sum + value, 0) / draws.length,
    })),
  );
  return {
    draw: "heat",
    table: {
      columns: [
        { key: "title", label: "title", format: "text" },
        { key: "example", label: "example", format: "text" },
        { key: "excess", label: "likeness beyond other examples", format: "number" },
      ],
      rows,
    },
    encode: { x: "example", y: "title", colour: "excess" },
    labels: { x: "example that was shown", y: "title", colour: "likeness beyond other examples" },
  };
}

/** By text: the likeness in words to its own example less that to the others. */
export function excesses(seen: InfluenceInput, space: TextSpace): number[] {
  const own = ownExamples(seen);
  return seen.texts.map(({ text }, at) => {
    const row = seen.examples.map((example) => space.similarity(text, example.text));
    return row[own[at]!]! - othersOf(row, own[at]!);
  });
}

/** A text with the content words that it shares with another between `»` and `«`. */
function marked(text: string, other: string): string {
  const theirs = new Set(termsOf(other).map(stemmer));
  return text.replace(/[»«]/g, '"').replace(/[\p{L}\p{N}\p{M}'’-]+/gu, (word) => {
    const [term = ""] = termsOf(word);
    return term !== "" && !functionWords.has(term) && theirs.has(stemmer(term)) ? `»${word}«` : word;
  });
}
