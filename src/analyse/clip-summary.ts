import { z } from "zod";
import { exists, readJson } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";

export const clipSummaryFile = "stimuli/summary.json";

const Side = z.object({ candidates: z.int(), tooShort: z.int(), used: z.int(), meanCut: z.number() });
const Range = z.object({ least: z.int(), most: z.int() });

/** What an analysis tells of `stimuli/summary.json`: texts there were, too short and used, and words clipped off. */
export const ClipSummary = z.object({
  declared: Range,
  range: Range,
  rule: z.string(),
  titles: z.int(),
  failed: z.int(),
  human: Side,
  machine: Side,
  byModel: z.array(z.object({ model: z.string(), candidates: z.int(), tooShort: z.int(), used: z.int() })),
});
export type ClipSummary = Readonly<z.infer<typeof ClipSummary>>;

/** Undefined where the stories were clipped elsewhere. */
export async function readClipSummary(study: Study): Promise<ClipSummary | undefined> {
  const path = study.path(clipSummaryFile);
  return (await exists(path)) ? readJson(path, ClipSummary, "run `tinylove compose` again") : undefined;
}
