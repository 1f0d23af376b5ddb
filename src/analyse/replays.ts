import type { Pair } from "./data.ts";
import { deepspeare } from "./replays/deepspeare.ts";

/** A published study whose judgments can be put through our analyses: one file in `replays/`, one line here. */
export interface Replay {
  readonly name: string;
  readonly published: string;
  /** Reads its own table; throws StudyError that names what is not as it was published. */
  read(file: string): Promise<ReadonlyMap<string, readonly Pair[]>>;
}

export const replays: readonly Replay[] = [deepspeare];
