import { mkdir, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../text/hash.ts";
import { cacheFolder } from "../workbench/cache-folder.ts";
import type { Effects } from "../workbench/effects.ts";
import { exists } from "../workbench/files.ts";
import type { PluginFiles } from "./files.ts";

/**
 * Whether the user has agreed to run a plugin with this path and content. A study may come from a stranger, and its
 * plugins are programs. The agreement is stored in the user's cache folder, never in the study, as with `direnv allow`.
 * TINYLOVE_TRUST=1 agrees to all plugins, for servers and tests.
 */
export async function isTrusted(files: PluginFiles, env: Effects["env"] = process.env): Promise<boolean> {
  return env["TINYLOVE_TRUST"] === "1" || (await exists(await agreement(files, env)));
}

/** Records the user's agreement. */
export async function trust(files: PluginFiles, env: Effects["env"] = process.env): Promise<void> {
  const path = await agreement(files, env);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, `${files.paths[0]}\n`);
}

async function agreement({ paths, hash }: PluginFiles, env: Effects["env"]): Promise<string> {
  const real = await Promise.all(paths.map((path) => realpath(path)));
  return join(cacheFolder(env), "trusted", sha256(JSON.stringify([real, hash])));
}
