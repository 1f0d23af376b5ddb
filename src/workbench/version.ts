import { readFileSync } from "node:fs";

/** The package's own folder, with `models/`, `examples/` and `trainer/`: the parent of `src` or of `dist`. */
export const packageFolder = new URL("../../", import.meta.url);

/** The version of Tiny Love. */
export const version: string = JSON.parse(
  readFileSync(new URL("package.json", packageFolder), "utf8"),
).version;

/** The versions that provenance records. */
export const versions = (): Record<string, string> => ({
  tinylove: version,
  node: process.versions.node,
  platform: `${process.platform}-${process.arch}`,
});
