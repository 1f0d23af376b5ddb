import { type Journal as JournalOf, openJournal as open } from "../workbench/journal.ts";
import type { Reply } from "./model.ts";

/** What models have answered. */
export type Journal = JournalOf<readonly Reply[]>;

/** Where a study keeps it. */
export const journalFile = ".tinylove/responses.jsonl";

export const openJournal = (path: string): Promise<Journal> =>
  open<readonly Reply[]>(path, {
    read(value) {
      const { key, replies } = (value ?? {}) as Record<string, unknown>;
      return typeof key === "string" && Array.isArray(replies) ? [key, replies] : undefined;
    },
    write: (key, replies) => ({ key, replies }),
  });
