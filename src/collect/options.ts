import { z } from "zod";
import type { Flag } from "../workbench/stage.ts";

/** The flags of `tinylove collect`. Those of the command line win over study.yaml. */
export const CollectOptions = z.object({
  source: z.string().optional(),
  file: z.array(z.string()).min(1).optional(),
});
export type CollectOptions = Readonly<z.infer<typeof CollectOptions>>;

export const collectFlags: readonly Flag[] = [
  ["--source <name>", "table, saved-pages or nyt (default: corpus.source of study.yaml)"],
  ["--file <paths...>", "the table, or the folder of saved pages (default: corpus.file of study.yaml)"],
];
