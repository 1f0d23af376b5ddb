import { mkdir, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf } from "./errors.ts";

/**
 * Results that took long, by everything that determines them: a JSON value a line, only ever added to, and safe on
 * disk before it counts. A process that is killed loses what is under way and nothing else; the line that it may have
 * torn is passed over.
 */
export interface Journal<Value> {
  readonly entries: ReadonlyMap<string, Value>;
  put(key: string, value: Value): Promise<void>;
  close(): Promise<void>;
}

/** How an entry stands in its line; `read` gives undefined for a value that is no entry. */
export interface Line<Value> {
  read(value: unknown): [key: string, value: Value] | undefined;
  write(key: string, value: Value): unknown;
}

/** Opens the journal at a path, or begins it. */
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
  // A line that was torn must not swallow the one that comes after it.
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
