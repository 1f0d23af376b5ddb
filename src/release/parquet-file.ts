import { type ColumnSource, parquetWriteBuffer, type SchemaElement } from "hyparquet-writer";
import { version } from "../workbench/version.ts";
import type { Cell, Column, Table } from "./table.ts";

/** A table as Parquet with typed columns; missing values are null. The same table gives the same bytes. */
export function parquetOf({ columns, rows }: Table): Uint8Array {
  const columnData = columns.map(
    ({ name, type }): ColumnSource => ({ name, data: rows.map((row) => stored(row[name], type)) }),
  );
  const schema = [{ name: "root", num_children: columns.length }, ...columns.map(elementOf)];
  return new Uint8Array(parquetWriteBuffer({ columnData, schema, createdBy: `Tiny Love ${version}` }));
}

const elementOf = ({ name, type, required }: Column): SchemaElement => ({
  name,
  ...types[type],
  repetition_type: required ? "REQUIRED" : "OPTIONAL",
});

/** Integers have 64 bits, because seeds may be large and the type must not depend on the values. */
const types: Record<Column["type"], Pick<SchemaElement, "type" | "converted_type">> = {
  string: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  date: { type: "INT32", converted_type: "DATE" },
  integer: { type: "INT64" },
  boolean: { type: "BOOLEAN" },
  number: { type: "DOUBLE" },
};

function stored(cell: Cell, type: Column["type"]): string | number | boolean | bigint | Date | null {
  if (cell === undefined) return null;
  if (type === "integer") return BigInt(cell);
  return type === "date" ? new Date(String(cell)) : cell;
}
