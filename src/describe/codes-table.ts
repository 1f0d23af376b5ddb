import type { Coded } from "../coding/coded.ts";
import type { Text } from "../coding/texts.ts";
import type { Value } from "../measures/measure.ts";
import { csv } from "../tables/tables.ts";
import type { Measurements } from "./measure-texts.ts";

/**
 * `corpus/codes.csv`: a row per text, a column per measure, then for each variable of the codebook its code and the kind
 * of coder. Numbers have six significant digits.
 */
export function codesCsv(texts: readonly Text[], { measures, values }: Measurements, coded: Coded): string {
  const names = measures.map(({ name }) => name);
  const rows = texts.map(({ id, origin, model, story, title }, at) => ({
    id,
    origin,
    model,
    story,
    title,
    ...Object.fromEntries(names.map((name) => [name, cell(values.get(name)![at])])),
    ...Object.fromEntries(
      [...coded.finalCodes].flatMap(([variable, codes]) => [
        [variable, codes.get(id)?.code],
        [`${variable}_by`, codes.get(id)?.by],
      ]),
    ),
  }));
  const codeColumns = [...coded.finalCodes.keys()].flatMap((variable) => [variable, `${variable}_by`]);
  return csv(["id", "origin", "model", "story", "title", ...names, ...codeColumns], rows);
}

function cell(value: Value): number | string | undefined {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "number" ? Number(value.toPrecision(6)) : value;
}
