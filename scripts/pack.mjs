// `npm pack` runs this before packing, and with `--remove` afterwards. Builds a clean `dist`, and copies node-llama-cpp with
// the JavaScript that it imports to vendor/node_modules, which is part of the package. As a plain dependency it would
// install 640 MB of GPU builds, because `overrides` in a package.json apply only in the root package. The builds for
// processors are optional dependencies of this package.
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { root, run } from "./ready.mjs";

const engine = "node-llama-cpp";
const vendor = join(root, "vendor");
rmSync(vendor, { recursive: true, force: true });
if (!process.argv.includes("--remove")) {
  rmSync(join(root, "dist"), { recursive: true, force: true });
  // `npm run types` checks the types.
  run("npx", ["tsc", "-p", "tsconfig.build.json", "--noCheck"]);
  vendorEngine();
}

function vendorEngine() {
  const folders = closureOf(join(root, "node_modules", engine));
  for (const [packagePath, folder] of folders)
    cpSync(folder, join(vendor, "node_modules", packagePath), {
      recursive: true,
      filter: (path) => isNeeded(relative(folder, path).replaceAll("\\", "/"), packagePath),
    });
  for (const packagePath of folders.keys())
    withoutInstalling(join(vendor, "node_modules", packagePath, "package.json"));
}

/** Packages that only the engine's own command line and its builds from source use. */
function isOnlyForBuilding(name) {
  return ["cmake-js", "yargs", "node-addon-api", "ignore", "validate-npm-package-name"].includes(name);
}

/** The engine and everything that it imports, by their paths below node_modules. */
function closureOf(folder) {
  const found = new Map();
  const walk = (at) => {
    const packagePath = at.slice(join(root, "node_modules").length + 1);
    if (found.has(packagePath)) return;
    found.set(packagePath, at);
    const { dependencies = {} } = JSON.parse(readFileSync(join(at, "package.json"), "utf8"));
    for (const name of Object.keys(dependencies)) if (!isOnlyForBuilding(name)) walk(folderOf(name, at));
  };
  walk(folder);
  return found;
}

/** Where Node finds a package that a folder imports. */
function folderOf(name, from) {
  for (const folder of createRequire(join(from, "package.json")).resolve.paths(name))
    if (existsSync(join(folder, name, "package.json"))) return join(folder, name);
  throw new Error(`no ${name} for ${from} (run npm ci)`);
}

/** Whether to copy a file: no sources of llama.cpp, type declarations or maps, and no nested packages, which are copied separately. */
function isNeeded(path, packagePath) {
  if (/\.(d\.[cm]?ts|map|tsbuildinfo)$/.test(path) || /^node_modules(\/|$)/.test(path)) return false;
  return (
    packagePath !== engine ||
    !/^(templates|bins|llama\/(gitRelease\.bundle|addon|patches|profiles|toolchains|cmake|xpack))(\/|$)/.test(
      path,
    )
  );
}

/** Removes dependencies and scripts from a package.json, so that npm installs and runs nothing for the copy. */
function withoutInstalling(file) {
  const { name, version, license, ...about } = JSON.parse(readFileSync(file, "utf8"));
  for (const key of [
    "dependencies",
    "optionalDependencies",
    "devDependencies",
    "peerDependencies",
    "scripts",
  ])
    delete about[key];
  writeFileSync(file, `${JSON.stringify({ name, version, license, ...about }, null, 2)}\n`);
}
