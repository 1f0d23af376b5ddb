import { columnsOf } from "./records.ts";
import type { TableRecord } from "./table-record.ts";

/** A table of Qualtrics's, without the two lines below its header and without tries of the survey's owner. */
export interface QualtricsTable {
  readonly records: readonly TableRecord[];
  /** What each column asks, as its second line says. */
  readonly questions: ReadonlyMap<string, string>;
  /** Responses that were given in the preview, which are no participant's. */
  readonly previews: number;
}

/**
 * Reads what Qualtrics exports as CSV or TSV: below the names of the columns a line of questions and one of `ImportId`s.
 * Undefined for a table from elsewhere.
 */
export function asQualtrics(records: readonly TableRecord[]): QualtricsTable | undefined {
  const ids = records
    .slice(0, 3)
    .findIndex(({ cells }) => Object.values(cells).some((cell) => /^\{"ImportId":/.test(cell)));
  const columns = columnsOf(records.slice(0, 1));
  const usual = columns.includes("ResponseId") && columns.includes("StartDate");
  if (ids < 0 && !usual) return undefined;
  // Without the line of ids, as when somebody has deleted it, the line of questions names the first column in words.
  const [first] = records;
  const asked =
    ids > 0
      ? records[ids - 1]
      : usual && /^start date$/i.test(first!.cells["StartDate"] ?? "")
        ? first
        : undefined;
  const below = ids >= 0 ? ids + 1 : asked ? 1 : 0;
  const given = records.slice(below);
  const responses = given.filter(
    ({ cells }) => !/preview|test/i.test(cells["Status"] ?? cells["DistributionChannel"] ?? ""),
  );
  return {
    records: responses,
    questions: new Map(asked ? Object.entries(asked.cells) : []),
    previews: given.length - responses.length,
  };
}
