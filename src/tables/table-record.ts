/** A row of a table: cells by column, and where it is for messages (`stories.csv, line 12`). */
export interface TableRecord {
  readonly where: string;
  readonly cells: Readonly<Record<string, string>>;
  /** Values that are more than one cell (lists, objects), by column, as JSON and Parquet can hold them. */
  readonly nested?: Readonly<Record<string, unknown>>;
  /** Which list of the file it is from, where a file holds a list a line. */
  readonly part?: string;
}
