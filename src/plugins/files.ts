import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { sha256 } from "../text/hash.ts";
import { exists } from "../workbench/files.ts";

/** A plugin's file, and the files that it imports or reads by a literal relative path (`./x.mjs`). */
export interface PluginFiles {
  /** Absolute; the plugin's own file first. */
  readonly paths: readonly string[];
  /** SHA-256 of their contents. */
  readonly hash: string;
}

/** Follows the relative imports of a file; packages are left out. */
export async function fileWithImports(file: string): Promise<PluginFiles> {
  const contents = new Map<string, string>();
  const read = async (path: string): Promise<void> => {
    if (contents.has(path) || !(await exists(path))) return;
    const content = await readFile(path, "utf8");
    contents.set(path, content);
    if (/\.[cm]?[jt]s$/.test(path))
      for (const imported of relativePathsIn(content)) await read(resolve(dirname(path), imported));
  };
  await read(file);
  const hash = sha256(JSON.stringify([...contents.values()].map((content) => sha256(content))));
  return { paths: [...contents.keys()], hash };
}

/** `from "./x.mjs"`, `import "./x.mjs"`, `import("./x.mjs")`, `new URL("./x.csv", import.meta.url)`. */
const relativePathsIn = (source: string): string[] =>
  [...source.matchAll(/(?:\bfrom|\bimport|\bimport\s*\(|\bURL\s*\()\s*(["'])(\.\.?\/[^"'\n]+)\1/g)].map(
    ([, , path]) => path!,
  );
