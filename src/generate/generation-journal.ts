import { splitReply } from "../text/thinking.ts";
import { type Journal as JournalOf, openJournal as open } from "../workbench/journal.ts";
import type { Reply } from "./model.ts";

/** What models have answered. */
export type Journal = JournalOf<readonly Reply[]>;

/** Where a study keeps it. */
export const journalFile = ".tinylove/responses.jsonl";

/**
 * `again` forgets what brought no story: failures, refusals, replies that are empty or all thinking, and those that are
 * `forgotten` by name.
 */
export const openJournal = (
  path: string,
  { again = false, forgotten = new Set<string>() as ReadonlySet<string> } = {},
): Promise<Journal> =>
  open<readonly Reply[]>(path, {
    read(value) {
      const { key, replies } = (value ?? {}) as Record<string, unknown>;
      if (typeof key !== "string" || !Array.isArray(replies)) return undefined;
      return again && replies.some((reply) => bringsNothing(reply, forgotten)) ? undefined : [key, replies];
    },
    write: (key, replies) => ({ key, replies }),
  });

const bringsNothing = (reply: Reply, forgotten: ReadonlySet<string>): boolean =>
  "failed" in reply ||
  reply.end === "refused" ||
  splitReply(reply.raw).text === "" ||
  forgotten.has(reply.raw);
