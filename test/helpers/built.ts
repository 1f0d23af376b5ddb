import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { sha256 } from "../../src/text/hash.ts";
import { filesUnder } from "../../src/workbench/files.ts";
import { temporaryFolder } from "./world.ts";

const project = fileURLToPath(new URL("../../", import.meta.url));

/**
 * The built program in its own folder, for tests that kill it or change its files. Returns the path of what `node`
 * runs.
 */
export async function builtProgram(): Promise<string> {
  const folder = await temporaryFolder();
  for (const name of ["node_modules", "src", "prompts", "models", "examples", "codebook", "trainer"])
    await symlink(join(project, name), join(folder, name));
  for (const name of ["package.json", "bin"])
    await cp(join(project, name), join(folder, name), { recursive: true });
  await cp(await builtFiles(), join(folder, "dist"), { recursive: true, dereference: true });
  return join(folder, "bin", "tinylove.mjs");
}

/** The folder with the build of the current source: `dist` if it is newer, else built once and cached until the source changes. */
async function builtFiles(): Promise<string> {
  const dist = join(project, "dist");
  // A bench has a built program next to it, but not what builds it.
  if (!existsSync(join(project, "tsconfig.build.json")) || (await isNewer(dist))) return dist;
  const kept = join(project, "node_modules", ".cache", "tinylove", "dist", await sourceHash());
  if (existsSync(kept)) return kept;
  const own = `${kept}.${process.pid}.partial`;
  const compiler = join(project, "node_modules", "typescript", "bin", "tsc");
  const settings = ["-p", join(project, "tsconfig.build.json"), "--outDir", own];
  // Types are checked elsewhere.
  const fast = ["--noCheck", "--declaration", "false"];
  await promisify(execFile)(process.execPath, [compiler, ...settings, ...fast]);
  await mkdir(dirname(kept), { recursive: true });
  for (const name of await readdir(dirname(kept)))
    if (!name.endsWith(".partial")) await rm(join(dirname(kept), name), { recursive: true, force: true });
  // Another test may have built it first; its files are the same.
  await rename(own, kept).catch(() => rm(own, { recursive: true }));
  return kept;
}

/** Whether a build began after the last change of the source. */
async function isNewer(dist: string): Promise<boolean> {
  const built = await stat(join(dist, "cli.js")).catch(() => undefined);
  const files = await filesUnder(join(project, "src"));
  const changed = await Promise.all(files.map(async (file) => (await stat(file)).mtimeMs));
  return built !== undefined && built.mtimeMs >= Math.max(...changed);
}

async function sourceHash(): Promise<string> {
  const files = await filesUnder(join(project, "src"));
  files.push(join(project, "tsconfig.json"), join(project, "tsconfig.build.json"));
  const contents = await Promise.all(files.map((file) => readFile(file, "utf8")));
  return sha256(JSON.stringify([files, contents]));
}
