import { splitReply } from "../text/thinking.ts";
import { type Journal as JournalOf, openJournal as open } from "../workbench/journal.ts";
import type { Reply } from "./model.ts";

/** What models have answered. */
export type Journal = JournalOf<readonly Reply[]>;

/** Where a study keeps it. */
export const journalFile = ".tinylove/responses.jsonl";

/** `again` forgets what brought no story: failures, refusals, and replies that are empty or all thinking. */
export const openJournal = (path: string, { again = false } = {}): Promise<Journal> =>
  open<readonly Reply[]>(path, {
    read(value) {
      const { key, replies } = (value ?? {}) as Record<string, unknown>;
      if (typeof key !== "string" || !Array.isArray(replies)) return undefined;
      return again && replies.some(bringsNothing) ? undefined : [key, replies];
    },
    write: (key, replies) => ({ key, replies }),
  });

const bringsNothing = (reply: Reply): boolean =>
  "failed" in reply || reply.end === "refused" || splitReply(reply.raw).text === "";
