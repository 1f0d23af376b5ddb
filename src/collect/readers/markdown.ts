import { stat } from "node:fs/promises";
import { basename, relative } from "node:path";
import { parseDocument } from "yaml";
import type { TableRecord } from "../../tables/table-record.ts";
import { readTextOf } from "../../tables/text.ts";
import { StudyError } from "../../workbench/errors.ts";
import { filesUnder } from "../../workbench/files.ts";

/**
 * Reads Markdown files, one story each: the title is in the front matter or the first heading, the text follows.
 * Other keys of the front matter are columns. Folders are read with subfolders, in order of name.
 */
export async function readMarkdown(path: string): Promise<TableRecord[]> {
  const isFolder = (await stat(path)).isDirectory();
  const files = isFolder ? (await filesUnder(path)).filter((file) => /\.(md|markdown)$/i.test(file)) : [path];
  if (files.length === 0) {
    throw new StudyError(`${path} has no Markdown files`, {
      hint: "give a folder of .md files, or a table",
    });
  }
  const records: TableRecord[] = [];
  for (const file of files) {
    const where = isFolder ? relative(path, file) : basename(file);
    records.push({ where, cells: cellsOf(await readTextOf(file, where), where) });
  }
  return records;
}

function cellsOf(markdown: string, where: string): Record<string, string> {
  const [, front, rest] = /^---\r?\n([\s\S]*?)\r?\n---\r?\n?([\s\S]*)$/.exec(markdown) ?? [];
  const cells = front === undefined ? {} : frontMatter(front, where);
  const [, heading, text] = /^\s*#[ \t]+([^\r\n]*)\r?\n?([\s\S]*)$/.exec(rest ?? markdown) ?? [];
  return { title: heading ?? "", ...cells, text: plain(text ?? rest ?? markdown) };
}

function frontMatter(yaml: string, where: string): Record<string, string> {
  const document = parseDocument(yaml, { customTags: [] });
  const [broken] = document.errors;
  if (broken) {
    throw new StudyError(`${where}: its front matter is not valid YAML: ${broken.message.split("\n")[0]}`, {
      hint: "fix it, or put text with a colon in quotes",
    });
  }
  const values = plainValue(document, where);
  if (typeof values !== "object" || values === null) return {};
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value ?? "")]));
}

function plainValue(document: ReturnType<typeof parseDocument>, where: string): unknown {
  try {
    // Aliases can expand without limit, so they are refused: a file may come from a stranger.
    return document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    throw new StudyError(`${where}: aliases (*name) are not used here`, {
      hint: "write the value out",
      cause,
    });
  }
}

/** Removes emphasis and line wraps; blank lines separate paragraphs. */
const plain = (markdown: string) =>
  markdown
    .split(/\r?\n[ \t]*(?:\r?\n[ \t]*)+/)
    .map((paragraph) => paragraph.replace(/\s*\r?\n\s*/g, " ").replace(/(\*\*|__|\*|(?<!\w)_|_(?!\w))/g, ""))
    .map((paragraph) => paragraph.trim())
    .filter(Boolean)
    .join("\n");
