import { execFile } from "node:child_process";
import { cp } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tasks } from "../../src/tasks/tasks.ts";
import { writeWhole } from "../../src/workbench/files.ts";
import { temporaryFolder } from "../helpers/world.ts";

const root = new URL("../../", import.meta.url);
const biome = createRequire(import.meta.url).resolve("@biomejs/biome/bin/biome");

/** The linter's output for a folder. */
const lint = (folder: string) =>
  new Promise<string>((resolve) =>
    execFile(
      process.execPath,
      [biome, "lint", "--max-diagnostics=none"],
      { cwd: folder },
      (_, stdout, stderr) => resolve(stdout + stderr),
    ),
  );

test("the linter forbids every task's name outside src/tasks, as a value, a type or a key", async () => {
  const folder = await temporaryFolder();
  for (const file of ["biome.json", ".gitignore", "src/tasks/names.grit"])
    await cp(new URL(file, root), join(folder, file));
  const planted = tasks.flatMap(({ name }) => [
    `export const value = "${name}";`,
    `export const text = \`${name}\`;`,
    `export type Name = "${name}";`,
    `export const by = { "${name}": 1 };`,
  ]);
  for (const [at, line] of planted.entries()) {
    await writeWhole(join(folder, `src/analyse/planted-${at}.ts`), `${line}\n`);
    await writeWhole(join(folder, `src/tasks/own-${at}.ts`), `${line}\n`);
  }
  await writeWhole(join(folder, "src/analyse/other.ts"), "export const other = { demographics: [] };\n");
  const said = await lint(folder);
  const found = new Set([...said.matchAll(/src[/\\](\S+?):\d+:\d+ plugin/g)].map(([, file]) => file));
  expect(found.size).toBe(planted.length);
  expect([...found].every((file) => file!.startsWith("analyse"))).toBe(true);
  expect(said).toContain("The name of a task.");
});
