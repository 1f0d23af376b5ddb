import type { Coding } from "../../study/coding.ts";
import { shortId } from "../../text/hash.ts";
import { normaliseText } from "../../text/normalise.ts";
import type { Codebook, Variable } from "../../workbench/codebook.ts";
import { StudyError } from "../../workbench/errors.ts";
import type { Study } from "../../workbench/study.ts";
import { csv, type Row } from "../../workbench/tables.ts";
import type { Text } from "../texts.ts";
import { codeNamed } from "./codes.ts";

/**
 * A sheet for one coder: title and text of each item, an empty column a variable, one for remarks. Nothing on it
 * tells who wrote a text: typography is made alike, the order is the coder's own, and an item's number says nothing
 * to anybody without the study, not even to the other coder.
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
 * The codings of a filled sheet; an empty cell is a pass. Throws StudyError that names row and value for what is not on
 * the sheet or not in the codebook.
 */
export function codingsOfSheet(
  study: Study,
  coder: string,
  texts: readonly Text[],
  { variables }: Codebook,
  rows: readonly Row[],
  where: string,
): Coding[] {
  const items = new Map(texts.map(({ id }) => [itemOf(study, coder, id), id]));
  const seen = new Set<string>();
  refuseMissing(rows, variables, where);
  return rows.flatMap((row, at) => {
    const item = (row["item"] ?? "").trim();
    const place = `${where}, row ${at + 1}`;
    const text = items.get(item);
    if (text === undefined) {
      throw new StudyError(`${place}: item ${item || "(empty)"} is not of ${coder}'s sheet`, {
        hint: "name the coder whose sheet it is, and leave the column item as it was",
      });
    }
    if (seen.has(item))
      throw new StudyError(`${place}: item ${item} stands twice`, { hint: "keep one of them" });
    seen.add(item);
    return variables.flatMap((variable): Coding[] => {
      const code = codeIn(variable, row[variable.name] ?? "", place);
      return code ? [{ text, variable: variable.name, code, kind: "people" }] : [];
    });
  });
}

/** Without the study's seed and the coder's name nobody can tell which text an item is. */
const itemOf = (study: Study, coder: string, text: string): string =>
  shortId(JSON.stringify(["item", study.config.seed, coder, text]), 8);

function refuseMissing(rows: readonly Row[], variables: readonly Variable[], where: string): void {
  const missing = ["item", ...variables.map(({ name }) => name)].find(
    (name) => rows[0] && !(name in rows[0]),
  );
  if (missing) {
    throw new StudyError(`${where}: no column ${missing}`, {
      hint: "fill in the sheet that `tinylove code sheet` wrote",
    });
  }
}

/** The code of a cell; none for an empty one. */
function codeIn(variable: Variable, cell: string, place: string): string | undefined {
  if (cell.trim() === "") return undefined;
  const code = codeNamed(variable, cell);
  if (code) return code;
  throw new StudyError(`${place}: ${variable.name}: no code ${cell.trim()}`, {
    hint: `try ${variable.codes.map((candidate) => candidate.code).join(", ")}`,
  });
}
