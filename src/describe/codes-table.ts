import { csv } from "../workbench/tables.ts";
import type { Value } from "./measure.ts";
import type { Taken } from "./take.ts";
import type { Text } from "./texts.ts";

/** `corpus/codes.csv`: a row a text, a column a measure. Shares and the like keep six digits. */
export function codesCsv(texts: readonly Text[], { measures, values }: Taken): string {
  const names = measures.map(({ name }) => name);
  const rows = texts.map(({ id, origin, model, story, title }, at) => ({
    id,
    origin,
    model,
    story,
    title,
    ...Object.fromEntries(names.map((name) => [name, cell(values.get(name)![at])])),
  }));
  return csv(["id", "origin", "model", "story", "title", ...names], rows);
}

function cell(value: Value): number | string | undefined {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "number" ? Number(value.toPrecision(6)) : value;
}
