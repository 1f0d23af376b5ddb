import type { Measure } from "../measures/measure.ts";
import type { Row } from "../tables/tables.ts";
import type { Published } from "./published.ts";
import { type Cell, type Column, sortedBy, type Table } from "./table.ts";
import type { Publishing } from "./texts.ts";

/**
 * What `tinylove describe` measured of the whole texts, also of those that are left out, but for phrases of theirs. A
 * text that is not in the study any more has no row.
 */
export function measuresTable(
  measures: readonly Measure[],
  { measured, stories, generations }: Published,
  rules: Publishing,
): Table {
  const [first = {}] = measured;
  const taken = measures.filter(({ name }) => name in first);
  const withheld = new Map([
    ...stories.map((story) => [story.id, rules.ofStory(story)] as const),
    ...generations.map((generation) => [generation.id, rules.ofGeneration(generation)] as const),
  ]);
  const written = new Set(stories.map(({ id }) => id));
  const cellsOf = (row: Row) =>
    taken
      .filter(({ unit }) => unit !== "phrases" || !withheld.get(row["id"]!))
      .map((measure) => [measure.name, cellOf(row[measure.name], typeOf(measure))]);
  return {
    name: "measures",
    title: "What was measured of the whole texts, a row a text",
    columns: [
      { name: "story", type: "string", refersTo: "stories", meaning: "The story that was measured" },
      {
        name: "generation",
        type: "string",
        refersTo: "generations",
        meaning: "The generation that was measured, where it was no story of the corpus",
      },
      ...taken.map(columnOf),
    ],
    rows: sortedBy(
      measured.filter(({ id }) => withheld.has(id!)),
      ({ id }) => id!,
    ).map((row) => ({
      [written.has(row["id"]!) ? "story" : "generation"]: row["id"],
      ...Object.fromEntries(cellsOf(row)),
    })),
  };
}

function columnOf(measure: Measure): Column {
  const { name, means, unit } = measure;
  const type = typeOf(measure);
  const meaning = means.charAt(0).toUpperCase() + means.slice(1);
  return { name, type, meaning, ...(type !== "boolean" && { unit }) };
}

const typeOf = ({ unit, format }: Measure): Column["type"] =>
  unit === "yes or no" ? "boolean" : format === "text" ? "string" : "number";

function cellOf(value: string | undefined, type: Column["type"]): Cell {
  if (!value) return undefined;
  return type === "boolean" ? value === "yes" : type === "number" ? Number(value) : value;
}
