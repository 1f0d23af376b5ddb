import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { readRecords as readTableRecords } from "../../tables/records.ts";
import { storyColumns } from "../../tables/story-columns.ts";
import type { TableRecord } from "../../tables/table-record.ts";
import { readMarkdown } from "./markdown.ts";

export type { TableRecord } from "../../tables/table-record.ts";

/** The rows of a table, or of a Markdown file or folder with one story per file. */
export async function readRecords(path: string, table?: string): Promise<TableRecord[]> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() || (found && extname(path).toLowerCase() === ".md")) return readMarkdown(path);
  return readTableRecords(path, {
    table,
    fits(columns) {
      const { title, text } = storyColumns(columns);
      return title !== undefined && text !== undefined;
    },
    needs: "a title and a text column",
    hint: "give a table with corpus.file in study.yaml, `collect --file` or `init --corpus`",
    itemName: "story",
  });
}
