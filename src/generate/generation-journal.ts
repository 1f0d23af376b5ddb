import { formerReply, withCurrentNames } from "../study/former-names.ts";
import { splitReply } from "../text/thinking.ts";
import { type Journal as JournalOf, openJournal as open } from "../workbench/journal.ts";
import type { Reply } from "./model.ts";

/** Replies of models. */
export type Journal = JournalOf<readonly Reply[]>;

/** The journal's path in the study. */
export const journalFile = ".tinylove/responses.jsonl";

/**
 * `again` ignores entries without a story: failures, refusals, empty replies, replies with only thinking, and those
 * in `ignoredReplies`.
 */
export const openJournal = (
  path: string,
  { again = false, ignoredReplies = new Set<string>() as ReadonlySet<string> } = {},
): Promise<Journal> =>
  open<readonly Reply[]>(path, {
    read(value) {
      const { key, replies } = (value ?? {}) as Record<string, unknown>;
      if (typeof key !== "string" || !Array.isArray(replies)) return undefined;
      const current = replies.map((reply) => withCurrentNames(reply, formerReply) as Reply);
      return again && current.some((reply) => hasNoStory(reply, ignoredReplies)) ? undefined : [key, current];
    },
    write: (key, replies) => ({ key, replies }),
  });

const hasNoStory = (reply: Reply, ignoredReplies: ReadonlySet<string>): boolean =>
  "failed" in reply ||
  reply.end === "refused" ||
  splitReply(reply.raw).text === "" ||
  ignoredReplies.has(reply.raw);
