import { mkdtemp, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { StudyError } from "../../src/workbench/errors.ts";
import { filesUnder, hashOf, readJsonLines, readText, writeWhole } from "../../src/workbench/files.ts";

const folder = () => mkdtemp(join(tmpdir(), "tinylove-"));

test("a file is written whole, with its folders, and leaves nothing else behind", async () => {
  const root = await folder();
  await writeWhole(join(root, "a/b/story.txt"), "once");
  await writeWhole(join(root, "a/b/story.txt"), "twice");
  expect(await readFile(join(root, "a/b/story.txt"), "utf8")).toBe("twice");
  expect(await readdir(join(root, "a/b"))).toEqual(["story.txt"]);
});

test("a file that cannot be written is reported in one line, and the old one is kept", async () => {
  const root = await folder();
  await writeFile(join(root, "file"), "old");
  await expect(writeWhole(join(root, "file/below.txt"), "new")).rejects.toThrow(
    /EEXIST|ENOTDIR|a part of its path is a file/,
  );
  expect(await readFile(join(root, "file"), "utf8")).toBe("old");
});

test("bytes that are not UTF-8 are reported, a byte order mark is removed", async () => {
  const root = await folder();
  await writeFile(join(root, "latin.txt"), Buffer.from([0x63, 0x61, 0x66, 0xe9]));
  await expect(readText(join(root, "latin.txt"))).rejects.toThrow(/not UTF-8/);
  await writeFile(join(root, "mark.txt"), "\ufefftitle");
  expect(await readText(join(root, "mark.txt"))).toBe("title");
});

test("a malformed line is named by its number", async () => {
  const root = await folder();
  await writeFile(join(root, "rows.jsonl"), '{"title":"One"}\n\n{"title":2}\n');
  const read = readJsonLines(join(root, "rows.jsonl"), z.object({ title: z.string() }));
  await expect(read).rejects.toThrow(StudyError);
  await expect(read).rejects.toThrow(/line 3: title/);
});

test("a folder's hash depends on its contents and names, and an empty folder has none", async () => {
  const root = await folder();
  expect(await hashOf(root)).toBeUndefined();
  await writeWhole(join(root, "a.txt"), "a");
  const before = await hashOf(root);
  await writeWhole(join(root, "b.txt"), "a");
  expect(await hashOf(root)).not.toBe(before);
  expect((await filesUnder(root)).length).toBe(2);
});

test("a large file is hashed once, and again after any change", async () => {
  const root = await folder();
  vi.stubEnv("TINYLOVE_CACHE", join(root, "cache"));
  const file = join(root, "model.gguf");
  await writeFile(file, Buffer.alloc(5_000_000, 1));
  const first = await hashOf(file);
  // The file is too new for the cache.
  expect(await filesUnder(join(root, "cache"))).toEqual([]);
  await sleep(1100);
  expect(await hashOf(file)).toBe(first);
  const [kept] = await filesUnder(join(root, "cache"));
  const [identity] = (await readFile(kept!, "utf8")).split(" ");
  await writeFile(kept!, `${identity} ${"0".repeat(64)}`);
  expect(await hashOf(file)).toBe("0".repeat(64));
  await writeFile(kept!, `${identity} ${"0".repeat(30)}`);
  expect(await hashOf(file)).toBe(first);

  // Other bytes of the same length with the same modification time.
  const { atime, mtime } = await stat(file);
  await writeFile(file, Buffer.alloc(5_000_000, 2));
  await utimes(file, atime, mtime);
  expect(await hashOf(file)).not.toBe(first);
});
