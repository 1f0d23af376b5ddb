import { access, constants, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf } from "./errors.ts";

/**
 * Locks a file for this process and returns the function that unlocks it; undefined if another process has the lock.
 * The lock is an open transaction on the file: the system releases it when the process ends, however it ends, so no
 * lock goes stale.
 */
export async function fileLock(path: string): Promise<(() => void) | undefined> {
  const { default: Libsql } = await import("libsql");
  await mkdir(dirname(path), { recursive: true });
  await makeWritable(path);
  const file = new Libsql(path);
  try {
    file.exec("BEGIN EXCLUSIVE");
  } catch (thrown) {
    file.close();
    if (/locked|busy/i.test(String(thrown))) return undefined;
    throw thrown;
  }
  return () => {
    file.exec("ROLLBACK");
    file.close();
  };
}

/**
 * Throws the system's own error if the file cannot be written; the library hides it. An existing file is not opened
 * for this check, because closing it would release a lock that this process already has on it.
 */
async function makeWritable(path: string): Promise<void> {
  try {
    await (await open(path, "wx", 0o600)).close();
  } catch (thrown) {
    if (codeOf(thrown) !== "EEXIST") throw thrown;
    await access(path, constants.R_OK | constants.W_OK);
  }
}
