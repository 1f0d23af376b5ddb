import { existsSync } from "node:fs";
import { packageFolder } from "../../workbench/version.ts";

/**
 * node-llama-cpp: the copy inside an installed package, else the one in node_modules. A package that depends on it would
 * install 640 MB of GPU builds with it (see docs/dependencies.md), so `npm pack` adds a copy without them.
 */
export const llamaLibrary = (): Promise<typeof import("node-llama-cpp")> =>
  existsSync(packed) ? import(packed.href) : import("node-llama-cpp");

const packed = new URL("vendor/node_modules/node-llama-cpp/dist/index.js", packageFolder);
