import { mkdir, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf } from "./errors.ts";

/**
 * Keeps results of slow work by a key of everything that determines them: one JSON value per line, only appended, and
 * on disk before it counts. A killed process loses only its unfinished work; an incomplete line is skipped.
 */
export interface Journal<Value> {
  readonly entries: ReadonlyMap<string, Value>;
  put(key: string, value: Value): Promise<void>;
  close(): Promise<void>;
}

/** How an entry is written as a line; `read` returns undefined for a value that is not an entry. */
export interface Line<Value> {
  read(value: unknown): [key: string, value: Value] | undefined;
  write(key: string, value: Value): unknown;
}

/** Opens the journal at a path, or creates it. */
export async function openJournal<Value>(
  path: string,
  { read, write }: Line<Value>,
): Promise<Journal<Value>> {
  const content = await readFile(path, "utf8").catch((thrown) => {
    if (codeOf(thrown) === "ENOENT") return "";
    throw thrown;
  });
  const entries = new Map<string, Value>();
  for (const line of content.split("\n")) {
    const entry = read(parsed(line));
    if (entry) entries.set(...entry);
  }
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "a");
  // The next line must not be appended to an incomplete one.
  if (content !== "" && !content.endsWith("\n")) await file.appendFile("\n");
  return {
    entries,
    async put(key, value) {
      await file.appendFile(`${JSON.stringify(write(key, value))}\n`);
      await file.datasync();
      entries.set(key, value);
    },
    close: () => file.close(),
  };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
