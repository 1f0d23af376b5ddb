import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Holds a file for this process until what it returns is called; undefined where another one holds it. The hold is an
 * open transaction on the file: the system lets go of it when the process ends, however it ends, so that none goes
 * stale.
 */
export async function held(path: string): Promise<(() => void) | undefined> {
  const { default: Libsql } = await import("libsql");
  await mkdir(dirname(path), { recursive: true });
  // The library does not say why it could not open a file.
  await (await open(path, "a")).close();
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
