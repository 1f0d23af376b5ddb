import type { Pair } from "../data.ts";

/** A published study whose judgments can be analysed: one file here, one line in `replays.ts`. */
export interface Replay {
  readonly name: string;
  readonly published: string;
  /** Reads the published table. Throws StudyError for a table that differs from it. */
  read(file: string): Promise<ReadonlyMap<string, readonly Pair[]>>;
}
