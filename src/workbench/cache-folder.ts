import { homedir } from "node:os";
import { join } from "node:path";
import type { Effects } from "./effects.ts";

/** What may be thrown away and is kept for all studies of a user: TINYLOVE_CACHE, or `tinylove` in XDG_CACHE_HOME or `~/.cache`. */
export const cacheFolder = (env: Effects["env"] = process.env): string =>
  env["TINYLOVE_CACHE"] ?? join(env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "tinylove");
