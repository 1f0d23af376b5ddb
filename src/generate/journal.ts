import { mkdir, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf } from "../workbench/errors.ts";
import type { Reply } from "./model.ts";

/**
 * What models have answered, by everything that determines it: a JSON value a line, only ever added to, and safe on
 * disk before it counts. A process that is killed loses the batch under way and nothing else; the line that it
 * may have torn is passed over.
 */
export interface Journal {
  get(key: string): readonly Reply[] | undefined;
  put(key: string, replies: readonly Reply[]): Promise<void>;
  close(): Promise<void>;
}

/** Where a study keeps it. */
export const journalFile = ".tinylove/responses.jsonl";

export async function openJournal(path: string): Promise<Journal> {
  const content = await readFile(path, "utf8").catch((thrown) => {
    if (codeOf(thrown) === "ENOENT") return "";
    throw thrown;
  });
  const entries = new Map<string, readonly Reply[]>();
  for (const line of content.split("\n")) {
    const entry = parsed(line);
    if (entry) entries.set(entry.key, entry.replies);
  }
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "a");
  // A line that was torn must not swallow the one that comes after it.
  if (content !== "" && !content.endsWith("\n")) await file.appendFile("\n");
  return {
    get: (key) => entries.get(key),
    async put(key, replies) {
      await file.appendFile(`${JSON.stringify({ key, replies })}\n`);
      await file.datasync();
      entries.set(key, replies);
    },
    close: () => file.close(),
  };
}

function parsed(line: string): { key: string; replies: readonly Reply[] } | undefined {
  try {
    const value = JSON.parse(line);
    return typeof value?.key === "string" && Array.isArray(value.replies) ? value : undefined;
  } catch {
    return undefined;
  }
}
