import { csv } from "../tables/tables.ts";

/** The value of a cell; undefined if missing. */
export type Cell = string | number | boolean | undefined;

/** A column of a published table. */
export interface Column {
  readonly name: string;
  /** A type of Table Schema. A date is a day, `2026-11-25`. */
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  readonly meaning: string;
  readonly unit?: string;
  /** All possible values. */
  readonly levels?: readonly string[];
  readonly required?: boolean;
  readonly least?: number;
  /** The table whose key this column refers to. */
  readonly refersTo?: string;
}

/** A published table. */
export interface Table {
  readonly name: string;
  readonly title: string;
  /** The column that identifies a row, if any. */
  readonly key?: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Readonly<Record<string, Cell>>[];
}

/** A table as CSV, with TRUE and FALSE, which R, pandas, Frictionless and spreadsheets all read as booleans. */
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

/** The tables and, as the last one, a codebook of all columns. */
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
    meaning: "The type of its values; empty cells are missing values",
  },
  { name: "levels", type: "string", meaning: "All possible values, separated by |" },
  { name: "unit", type: "string", meaning: "The unit of a number" },
  { name: "refers_to", type: "string", meaning: "The table whose key the column refers to" },
  { name: "meaning", type: "string", required: true, meaning: "What it means" },
];

/** Removes references to tables that the package lacks; a study without a corpus has no table of stories. */
export function withoutDanglingReferences(tables: readonly Table[]): Table[] {
  const names = new Set(tables.map(({ name }) => name));
  return tables.map((table) => ({
    ...table,
    columns: table.columns.map(({ refersTo, ...column }) =>
      refersTo && names.has(refersTo) ? { ...column, refersTo } : column,
    ),
  }));
}

/** Sorted by a random or fixed name, so that the order does not reveal when a participant came. */
export const sortedBy = <Item>(items: readonly Item[], by: (item: Item) => string): Item[] =>
  items
    .map((item) => [by(item), item] as const)
    .sort(([one], [other]) => (one < other ? -1 : Number(one > other)))
    .map(([, item]) => item);
