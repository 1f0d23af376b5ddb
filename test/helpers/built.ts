import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { temporaryFolder } from "./world.ts";

const project = fileURLToPath(new URL("../../", import.meta.url));

/**
 * The program as it is installed, built in a folder of its own: for tests that have to kill it. Returns the path of
 * what `node` runs.
 */
export async function builtProgram(): Promise<string> {
  const folder = await temporaryFolder();
  for (const name of ["node_modules", "src", "prompts", "models", "examples", "codebook", "trainer"])
    await symlink(join(project, name), join(folder, name));
  for (const name of ["package.json", "bin"])
    await cp(join(project, name), join(folder, name), { recursive: true });
  // A bench stands beside a program that has just been built, without what built it.
  if (!existsSync(join(project, "tsconfig.build.json"))) {
    await cp(join(project, "dist"), join(folder, "dist"), { recursive: true, dereference: true });
    return join(folder, "bin", "tinylove.mjs");
  }
  const compiler = join(project, "node_modules", "typescript", "bin", "tsc");
  const settings = ["-p", join(project, "tsconfig.build.json"), "--outDir", join(folder, "dist")];
  // Types are the business of another check: what is emitted is run here.
  await promisify(execFile)(process.execPath, [compiler, ...settings, "--noCheck"]);
  return join(folder, "bin", "tinylove.mjs");
}
