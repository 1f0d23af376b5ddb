import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { messageOf, StudyError } from "../workbench/errors.ts";
import { recordOf } from "./json.ts";
import type { TableRecord } from "./table-record.ts";

/** Rows of a Parquet file, uncompressed or compressed with Snappy, as pandas, Arrow and R write it by default. */
export async function readParquet(path: string, file: string): Promise<TableRecord[]> {
  try {
    const buffer = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(buffer);
    const rows = await parquetReadObjects({ file: buffer, metadata });
    return rows.map((row, at) => recordOf(row, `${file}, row ${at + 1}`));
  } catch (cause) {
    throw new StudyError(`cannot read ${file}: ${messageOf(cause)}`, {
      hint: "write it with compression snappy or none, or export a CSV",
      cause,
    });
  }
}
