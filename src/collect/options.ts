import { z } from "zod";
import { wholeNumber } from "../workbench/options.ts";
import type { Flag } from "../workbench/stage.ts";

/** The flags of `tinylove collect`, which override study.yaml. */
export const CollectOptions = z.object({
  source: z.string().optional(),
  file: z.array(z.string()).min(1).optional(),
  acknowledgeTerms: z.boolean().default(false),
  cookies: z.string().optional(),
  limit: wholeNumber(1).optional(),
  retryFailed: z.boolean().default(false),
  reparse: z.boolean().default(false),
  dryRun: z.boolean().default(false),
});
export type CollectOptions = Readonly<z.infer<typeof CollectOptions>>;

export const collectFlags: readonly Flag[] = [
  ["--source <name>", "table, saved-pages or nyt (default: corpus.source in study.yaml)"],
  ["--file <paths...>", "the table, or the folder of saved pages (default: corpus.file in study.yaml)"],
  ["--acknowledge-terms", "nyt: confirm that you have read the terms shown, and may collect (once)"],
  ["--cookies <file>", "nyt: import your login: cookies.txt, an extension's JSON, Playwright's storageState"],
  ["--limit <pages>", "nyt: fetch at most this many pages now"],
  ["--retry-failed", "nyt: only fetch again what failed or was blocked"],
  ["--reparse", "nyt: read the stored pages again, without any request"],
  ["--dry-run", "nyt: list what would be requested, without any request"],
];
