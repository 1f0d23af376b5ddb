import { z } from "zod";
import { wholeNumber } from "../workbench/options.ts";
import type { Flag } from "../workbench/stage.ts";

/** The flags of `tinylove collect`. Those of the command line win over study.yaml. */
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
  ["--source <name>", "table, saved-pages or nyt (default: corpus.source of study.yaml)"],
  ["--file <paths...>", "the table, or the folder of saved pages (default: corpus.file of study.yaml)"],
  ["--acknowledge-terms", "nyt: you have read the terms that it shows, and may collect (asked once)"],
  ["--cookies <file>", "nyt: import your login: cookies.txt, an extension's JSON, Playwright's storageState"],
  ["--limit <pages>", "nyt: fetch no more pages than this now"],
  ["--retry-failed", "nyt: fetch again what failed or was blocked, and nothing else"],
  ["--reparse", "nyt: read the pages that are kept again; no request is made"],
  ["--dry-run", "nyt: only say what would be requested"],
];
