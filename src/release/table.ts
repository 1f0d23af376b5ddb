import { csv } from "../tables/tables.ts";

/** What a cell holds; undefined where nothing is known. */
export type Cell = string | number | boolean | undefined;

/** A column of a published table: what it holds and what it means. */
export interface Column {
  readonly name: string;
  /** As Table Schema and SQLite both know it. A date is a day, `2026-11-25`. */
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  readonly meaning: string;
  readonly unit?: string;
  /** All the values that there are. */
  readonly levels?: readonly string[];
  readonly required?: boolean;
  readonly least?: number;
  /** The table whose key this names. */
  readonly refersTo?: string;
}

/** A table that is published: its columns, and the one that names its rows. */
export interface Table {
  readonly name: string;
  readonly title: string;
  /** The column that names a row, where one does. */
  readonly key?: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Readonly<Record<string, Cell>>[];
}

/** A table as CSV. TRUE and FALSE are what R, pandas, Frictionless and spreadsheets all take for a boolean. */
export const csvOf = ({ columns, rows }: Table): string =>
  csv(
    columns.map(({ name }) => name),
    rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, cell]) => [
          name,
          typeof cell === "boolean" ? String(cell).toUpperCase() : cell,
        ]),
      ),
    ),
  );

/** The tables with a codebook of all their columns as the last one. */
export function withCodebook(tables: readonly Table[]): Table[] {
  const rows = tables.flatMap(({ name: table, columns }) =>
    columns.map((column) => ({
      table,
      column: column.name,
      type: column.type,
      levels: column.levels?.join(" | "),
      unit: column.unit,
      refers_to: column.refersTo,
      meaning: column.meaning,
    })),
  );
  return [
    ...tables,
    { name: "codebook", title: "Every column of every table", columns: codebookColumns, rows },
  ];
}

const codebookColumns: readonly Column[] = [
  { name: "table", type: "string", required: true, meaning: "The table" },
  { name: "column", type: "string", required: true, meaning: "Its column" },
  {
    name: "type",
    type: "string",
    required: true,
    meaning: "What a cell holds; empty cells are missing values",
  },
  { name: "levels", type: "string", meaning: "All the values that there are, parted by |" },
  { name: "unit", type: "string", meaning: "The unit of a number" },
  { name: "refers_to", type: "string", meaning: "The table whose key the column names" },
  { name: "meaning", type: "string", required: true, meaning: "What it says" },
];

/** References to tables that the package holds; a study without a corpus has no table of stories. */
export function withoutDanglingReferences(tables: readonly Table[]): Table[] {
  const names = new Set(tables.map(({ name }) => name));
  return tables.map((table) => ({
    ...table,
    columns: table.columns.map(({ refersTo, ...column }) =>
      refersTo && names.has(refersTo) ? { ...column, refersTo } : column,
    ),
  }));
}

/** In an order that says nothing of when anybody came. */
export const sortedBy = <Item>(items: readonly Item[], by: (item: Item) => string): Item[] =>
  items
    .map((item) => [by(item), item] as const)
    .sort(([one], [other]) => (one < other ? -1 : Number(one > other)))
    .map(([, item]) => item);
