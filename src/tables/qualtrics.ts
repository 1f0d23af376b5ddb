import { columnsOf } from "./records.ts";
import type { TableRecord } from "./table-record.ts";

/** A Qualtrics table, without the two lines below its header and without previews. */
export interface QualtricsTable {
  readonly records: readonly TableRecord[];
  /** What each column asks, as its second line says. */
  readonly questions: ReadonlyMap<string, string>;
  /** Number of responses from the preview, which are not by participants. */
  readonly previews: number;
}

/**
 * Reads a Qualtrics export as CSV or TSV, which has a line of questions and a line of `ImportId`s below its header.
 * Undefined for other tables.
 */
export function asQualtrics(records: readonly TableRecord[]): QualtricsTable | undefined {
  const ids = records
    .slice(0, 3)
    .findIndex(({ cells }) => Object.values(cells).some((cell) => /^\{"ImportId":/.test(cell)));
  const columns = columnsOf(records.slice(0, 1));
  const usual = columns.includes("ResponseId") && columns.includes("StartDate");
  if (ids < 0 && !usual) return undefined;
  // If the line of ids was deleted, the line of questions is recognised by the first column in words.
  const [first] = records;
  const questionRow =
    ids > 0
      ? records[ids - 1]
      : usual && /^start date$/i.test(first!.cells["StartDate"] ?? "")
        ? first
        : undefined;
  const below = ids >= 0 ? ids + 1 : questionRow ? 1 : 0;
  const given = records.slice(below);
  const responses = given.filter(
    ({ cells }) => !/preview|test/i.test(cells["Status"] ?? cells["DistributionChannel"] ?? ""),
  );
  return {
    records: responses,
    questions: new Map(questionRow ? Object.entries(questionRow.cells) : []),
    previews: given.length - responses.length,
  };
}
