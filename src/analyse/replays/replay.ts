import type { Pair } from "../data.ts";

/** A published study whose judgments can be put through our analyses: one file here, one line in `replays.ts`. */
export interface Replay {
  readonly name: string;
  readonly published: string;
  /** Reads its own table; throws StudyError that names what is not as it was published. */
  read(file: string): Promise<ReadonlyMap<string, readonly Pair[]>>;
}
