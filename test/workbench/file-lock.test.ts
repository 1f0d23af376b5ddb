import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fileLock } from "../../src/workbench/file-lock.ts";
import { packageFolder } from "../../src/workbench/version.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tinylove-held-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** The result of locking the same file from another process, with SQLite itself. */
async function anotherProcessGets(path: string): Promise<string> {
  const code = `const file = new (require("libsql"))(${JSON.stringify(path)});
    try { file.exec("BEGIN EXCLUSIVE"); console.log("held"); } catch (thrown) { console.log(thrown.code); }`;
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", code], {
    cwd: new URL(packageFolder),
  });
  return stdout.trim();
}

test("a lock of one process is refused to another", async () => {
  const path = join(folder, "one");
  const unlock = await fileLock(path);
  expect(await anotherProcessGets(path)).toBe("SQLITE_BUSY");
  expect(await fileLock(path)).toBeUndefined();
  expect(await anotherProcessGets(path)).toBe("SQLITE_BUSY");
  unlock!();
  expect(await anotherProcessGets(path)).toBe("held");
});

test("a process that is killed leaves no lock behind", async () => {
  const path = join(folder, "two");
  const code = `const file = new (require("libsql"))(${JSON.stringify(path)});
    file.exec("BEGIN EXCLUSIVE"); console.log("held"); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ["-e", code], {
    cwd: new URL(packageFolder),
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  expect(await fileLock(path)).toBeUndefined();
  holder.kill("SIGKILL");
  await once(holder, "exit");
  const unlock = await fileLock(path);
  expect(unlock).toBeDefined();
  unlock!();
});
