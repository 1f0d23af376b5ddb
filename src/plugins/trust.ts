import { mkdir, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../text/hash.ts";
import { cacheFolder } from "../workbench/cache-folder.ts";
import type { Effects } from "../workbench/effects.ts";
import { exists } from "../workbench/files.ts";
import type { PluginFiles } from "./files.ts";

/**
 * A study may come from a stranger, and its plugins are programs. One runs only after the user has agreed to it as it
 * is: agreement is kept in the user's own cache folder, never in the study, for this path and this content, as `direnv
 * allow` does it. TINYLOVE_TRUST=1 agrees to all, for servers and tests that nobody watches.
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
