import { access, constants, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf } from "./errors.ts";

/**
 * Holds a file for this process until what it returns is called; undefined where it is held already. The hold is an
 * open transaction on the file: the system lets go of it when the process ends, however it ends, so that none goes
 * stale.
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
 * Throws the system's own reason where the file cannot be written, which the library does not tell. A file that is
 * there is not opened to find out: at its closing the system would let go of what this process holds of it.
 */
async function makeWritable(path: string): Promise<void> {
  try {
    await (await open(path, "wx", 0o600)).close();
  } catch (thrown) {
    if (codeOf(thrown) !== "EEXIST") throw thrown;
    await access(path, constants.R_OK | constants.W_OK);
  }
}
