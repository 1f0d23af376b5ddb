import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { sha256 } from "../text/hash.ts";
import { exists } from "../workbench/files.ts";

/** A plugin's file with all that it imports or reads from beside it by a written path (`./x.mjs`). */
export interface PluginFiles {
  /** Absolute, the plugin's own first. */
  readonly paths: readonly string[];
  /** SHA-256 of their contents. */
  readonly hash: string;
}

/** Follows the imports of a file; what it imports from packages is left out. */
export async function filesBehind(file: string): Promise<PluginFiles> {
  const contents = new Map<string, string>();
  const read = async (path: string): Promise<void> => {
    if (contents.has(path) || !(await exists(path))) return;
    const content = await readFile(path, "utf8");
    contents.set(path, content);
    if (/\.[cm]?[jt]s$/.test(path))
      for (const beside of pathsIn(content)) await read(resolve(dirname(path), beside));
  };
  await read(file);
  const hash = sha256(JSON.stringify([...contents.values()].map((content) => sha256(content))));
  return { paths: [...contents.keys()], hash };
}

/** `from "./x.mjs"`, `import "./x.mjs"`, `import("./x.mjs")`, `new URL("./x.csv", import.meta.url)`. */
const pathsIn = (source: string): string[] =>
  [...source.matchAll(/(?:\bfrom|\bimport|\bimport\s*\(|\bURL\s*\()\s*(["'])(\.\.?\/[^"'\n]+)\1/g)].map(
    ([, , path]) => path!,
  );
