import { isObject } from "./json.ts";
import { columnsOf } from "./records.ts";
import type { TableRecord } from "./table-record.ts";

/** A jsPsych trial, with its response parsed. */
export interface Trial extends TableRecord {
  /** The fields of a response that is JSON; a single answer is under `response`. */
  readonly response: Readonly<Record<string, string>>;
}

/**
 * The trials in jsPsych data, CSV or JSON, also of several participants one after another, as JATOS and DataPipe
 * write them. Undefined for other tables.
 */
export function asJspsych(records: readonly TableRecord[]): readonly Trial[] | undefined {
  const columns = new Set(columnsOf(records));
  if (!columns.has("trial_type") || !columns.has("trial_index")) return undefined;
  return records.map((record) => ({
    where: record.where,
    cells: record.cells,
    ...(record.nested && { nested: record.nested }),
    ...(record.part !== undefined && { part: record.part }),
    response: responseOf(record),
  }));
}

function responseOf({ cells, nested }: TableRecord): Record<string, string> {
  const cell = cells["response"] ?? "";
  const value = nested?.["response"] ?? (/^\s*\{/.test(cell) ? parsedOrNothing(cell) : undefined);
  if (!isObject(value)) return cell === "" || cell === "null" ? {} : { response: cell };
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      typeof each === "object" && each !== null ? JSON.stringify(each) : String(each ?? ""),
    ]),
  );
}

function parsedOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Trials by participant, in the file's order: by a column with the participant, by the list that they come from, or
 * by where the trial index starts again.
 */
export function byParticipant<Row extends TableRecord>(
  trials: readonly Row[],
  nameOf: (trial: Row) => string | undefined,
): readonly (readonly [name: string, trials: readonly Row[]])[] {
  const groups = new Map<string, Row[]>();
  let run = 0;
  let last = -1;
  for (const trial of trials) {
    const index = Number(trial.cells["trial_index"]);
    if (index <= last) run += 1;
    last = index;
    const name = nameOf(trial) || `participant ${trial.part ?? run + 1}`;
    groups.set(name, [...(groups.get(name) ?? []), trial]);
  }
  return [...groups];
}
