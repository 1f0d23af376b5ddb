import type { Measure } from "../measures/measure.ts";
import type { Row } from "../tables/tables.ts";
import type { PackageData } from "./package-data.ts";
import { type Cell, type Column, sortedBy, type Table } from "./table.ts";
import type { TextRules } from "./text-licences.ts";

/**
 * The measures of the whole texts by `tinylove describe`, also of withheld texts, except phrases quoted from those. Texts
 * that are no longer in the study have no row.
 */
export function measuresTable(
  { measured, stories, generations }: PackageData,
  measures: readonly Measure[],
  rules: TextRules,
): Table {
  const [first = {}] = measured;
  const available = measures.filter(({ name }) => name in first);
  const withheld = new Map([
    ...stories.map((story) => [story.id, rules.ofStory(story)] as const),
    ...generations.map((generation) => [generation.id, rules.ofGeneration(generation)] as const),
  ]);
  const storyIds = new Set(stories.map(({ id }) => id));
  const cellsOf = (row: Row) =>
    available
      .filter(({ unit }) => unit !== "phrases" || !withheld.get(row["id"]!))
      .map((measure) => [measure.name, cellOf(row[measure.name], typeOf(measure))]);
  return {
    name: "measures",
    title: "Measures of the whole texts, one row for each text",
    columns: [
      { name: "story", type: "string", refersTo: "stories", meaning: "The measured story" },
      {
        name: "generation",
        type: "string",
        refersTo: "generations",
        meaning: "The measured generation, if it is not a story of the corpus",
      },
      ...available.map(columnOf),
    ],
    rows: sortedBy(
      measured.filter(({ id }) => withheld.has(id!)),
      ({ id }) => id!,
    ).map((row) => ({
      [storyIds.has(row["id"]!) ? "story" : "generation"]: row["id"],
      ...Object.fromEntries(cellsOf(row)),
    })),
  };
}

function columnOf(measure: Measure): Column {
  const { name, unit } = measure;
  const type = typeOf(measure);
  const meaning = measure.meaning.charAt(0).toUpperCase() + measure.meaning.slice(1);
  return { name, type, meaning, ...(type !== "boolean" && { unit }) };
}

const typeOf = ({ unit, format }: Measure): Column["type"] =>
  unit === "yes or no" ? "boolean" : format === "text" ? "string" : "number";

function cellOf(value: string | undefined, type: Column["type"]): Cell {
  if (!value) return undefined;
  return type === "boolean" ? value === "yes" : type === "number" ? Number(value) : value;
}
