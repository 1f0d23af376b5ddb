import { stemmer } from "stemmer";
import type { Figure, Table } from "../study/finding.ts";
import { longestCommonRun } from "../text/copying.ts";
import { functionWords } from "../text/function-words.ts";
import type { TextSpace } from "../text/similarity.ts";
import { termsOf } from "../text/words.ts";
import { type Factorial, ownExampleIndices, valuesByCell } from "./factorial.ts";
import { meanOfOthers } from "./similarity.ts";

const mostPairs = 8;

/** The texts with the largest excess similarity in words to their own example, one per title and example. */
export function pairsTable(factorial: Factorial, excess: readonly number[]): Table {
  const { texts, examples } = factorial;
  const cells = new Set<string>();
  const rows = texts
    .map((text, at) => ({ text, example: examples[ownExampleIndices(factorial)[at]!]!, excess: excess[at]! }))
    .sort((one, other) => other.excess - one.excess)
    .filter(({ text, example }) => {
      const cell = `${text.story}\n${example.id}`;
      return !cells.has(cell) && cells.add(cell);
    })
    .slice(0, mostPairs)
    .map(({ text, example, excess: similarity }) => ({
      title: text.title,
      example: markShared(example.text, text.text),
      text: markShared(text.text, example.text),
      run: longestCommonRun(text.text, example.text).length,
      excess: similarity,
    }));
  return {
    columns: [
      { key: "title", label: "title", format: "text" },
      { key: "example", label: "the example shown", format: "marked" },
      { key: "text", label: "the text written", format: "marked" },
      { key: "run", label: "longest common run", format: "integer" },
      { key: "excess", label: "excess similarity", format: "number" },
    ],
    rows,
  };
}

/** The mean excess similarity of each cell: a column that is dark throughout is an example that leaks with any title. */
export function heatMap(factorial: Factorial, excess: readonly number[]): Figure {
  const byText = new Map(factorial.texts.map(({ id }, at) => [id, excess[at]!]));
  const rows = valuesByCell(factorial, ({ id }) => byText.get(id)!).flatMap((row, title) =>
    row.map((draws, example) => ({
      title: factorial.titles[title]!.title,
      example: factorial.examples[example]!.title,
      excess: draws.reduce((sum, value) => sum + value, 0) / draws.length,
    })),
  );
  return {
    draw: "heat",
    table: {
      columns: [
        { key: "title", label: "title", format: "text" },
        { key: "example", label: "example", format: "text" },
        { key: "excess", label: "excess similarity", format: "number" },
      ],
      rows,
    },
    encode: { x: "example", y: "title", colour: "excess" },
    labels: { x: "example shown", y: "title", colour: "excess similarity" },
  };
}

/** By text: the similarity in words to its own example minus that to the others. */
export function excessSimilarities(factorial: Factorial, space: TextSpace): number[] {
  const own = ownExampleIndices(factorial);
  return factorial.texts.map(({ text }, at) => {
    const row = factorial.examples.map((example) => space.similarity(text, example.text));
    return row[own[at]!]! - meanOfOthers(row, own[at]!);
  });
}

/** A text with the content words that it shares with another between `»` and `«`. */
function markShared(text: string, other: string): string {
  const theirs = new Set(termsOf(other).map(stemmer));
  return text.replace(/[»«]/g, '"').replace(/[\p{L}\p{N}\p{M}'’-]+/gu, (word) => {
    const [term = ""] = termsOf(word);
    return term !== "" && !functionWords.has(term) && theirs.has(stemmer(term)) ? `»${word}«` : word;
  });
}
