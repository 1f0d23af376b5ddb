/** A row of a table: cells by column, and its file and line for messages (`stories.csv, line 12`). */
export interface TableRecord {
  readonly where: string;
  readonly cells: Readonly<Record<string, string>>;
  /** Values that are not scalars (lists, objects in JSON and Parquet), by column. */
  readonly nested?: Readonly<Record<string, unknown>>;
  /** Which list of the file the row is from, if the file has one list per line. */
  readonly part?: string;
}
