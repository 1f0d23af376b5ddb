import { deepspeare } from "./replays/deepspeare.ts";
import type { Replay } from "./replays/replay.ts";

export const replays: readonly Replay[] = [deepspeare];
