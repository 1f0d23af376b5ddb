import type { Coding } from "../study/coding.ts";
import { columnsOf } from "../tables/records.ts";
import type { TableRecord } from "../tables/table-record.ts";
import { csv } from "../tables/tables.ts";
import { shortId } from "../text/hash.ts";
import { normaliseText } from "../text/normalise.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";
import type { Codebook, Variable } from "./codebook.ts";
import { codeNamed } from "./codes.ts";
import type { Text } from "./texts.ts";

/**
 * A sheet for one coder: title and text of each item, an empty column per variable and one for remarks. Nothing on it
 * shows who wrote a text: typography is uniform, each coder has their own order, and item numbers mean nothing
 * without the study, not even to another coder.
 */
export function codingSheet(study: Study, coder: string, texts: readonly Text[], codebook: Codebook): string {
  const rows = study
    .random("code", "order", coder)
    .shuffle(texts)
    .map((text) => ({
      item: itemOf(study, coder, text.id),
      title: normaliseText(text.title),
      text: normaliseText(text.text),
    }));
  return csv(["item", "title", "text", ...codebook.variables.map(({ name }) => name), "remarks"], rows);
}

/**
 * The codings of a filled sheet; an empty cell gives no code. Throws StudyError that names row and value if an item
 * is not on the sheet or a code not in the codebook.
 */
export function codingsOfSheet(
  study: Study,
  coder: string,
  texts: readonly Text[],
  { variables }: Codebook,
  rows: readonly TableRecord[],
  file: string,
): Coding[] {
  const items = new Map(texts.map(({ id }) => [itemOf(study, coder, id), id]));
  const seen = new Set<string>();
  const columns = sheetColumns(columnsOf(rows), variables, file);
  return rows.flatMap(({ where, cells }) => {
    const item = (cells[columns.get("item")!] ?? "").trim();
    const text = items.get(item);
    if (text === undefined) {
      throw new StudyError(`${where}: item ${item || "(empty)"} is not on ${coder}'s sheet`, {
        hint: "give the coder whose sheet it is, and do not change the column item",
      });
    }
    if (seen.has(item))
      throw new StudyError(`${where}: item ${item} is there twice`, { hint: "keep only one" });
    seen.add(item);
    return variables.flatMap((variable): Coding[] => {
      const code = codeIn(variable, cells[columns.get(variable.name)!] ?? "", where);
      return code ? [{ text, variable: variable.name, code, kind: "people" }] : [];
    });
  });
}

/** Which text an item is cannot be known without the study's seed and the coder's name. */
const itemOf = (study: Study, coder: string, text: string): string =>
  shortId(JSON.stringify(["item", study.config.seed, coder, text]), 8);

/** The sheet's columns by our names; a spreadsheet may have changed case, spaces and punctuation. */
function sheetColumns(
  columns: readonly string[],
  variables: readonly Variable[],
  file: string,
): ReadonlyMap<string, string> {
  const plain = (name: string) => name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
  return new Map(
    ["item", ...variables.map(({ name }) => name)].map((name) => {
      const matching = columns.includes(name)
        ? [name]
        : columns.filter((column) => plain(column) === plain(name));
      if (matching.length === 1) return [name, matching[0]!];
      throw new StudyError(
        matching.length === 0
          ? `${file}: no column ${name}`
          : `${file}: ${matching.join(" and ")} could both be ${name}`,
        {
          hint: `fill in the sheet that \`tinylove code sheet\` wrote; it has ${columns.join(", ") || "no columns"}`,
        },
      );
    }),
  );
}

/** The code in a cell; undefined for an empty cell or one that says "none" (NA, -). */
function codeIn(variable: Variable, cell: string, where: string): string | undefined {
  const code = codeNamed(variable, cell);
  if (code) return code;
  if (/^(?:|na|n\/a|nan|null|-|\.)$/i.test(cell.trim())) return undefined;
  throw new StudyError(`${where}: ${variable.name}: no code ${cell.trim()}`, {
    hint: `try ${variable.codes.map((candidate) => candidate.code).join(", ")}`,
  });
}
