import { homedir } from "node:os";
import { join } from "node:path";
import type { Effects } from "./effects.ts";

/**
 * The user's cache, shared by all studies and safe to delete: TINYLOVE_CACHE, or `tinylove` in XDG_CACHE_HOME or
 * `~/.cache`.
 */
export const cacheFolder = (env: Effects["env"] = process.env): string =>
  env["TINYLOVE_CACHE"] ?? join(env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "tinylove");
