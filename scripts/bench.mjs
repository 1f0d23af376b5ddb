// `npm run bench -- NAME [ARGUMENTS]`: builds bench/NAME.ts with the source into tmp/bench and runs it there.
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { build, checkNode, installPackages, root, run } from "./ready.mjs";

const [name, ...args] = process.argv.slice(2);
const names = readdirSync(join(root, "bench"))
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -3));

checkNode();
if (!names.includes(name)) {
  console.error(`error: there is no bench ${name ?? ""} (try ${names.join(", ")})`);
  process.exit(1);
}
installPackages();
build();

const folder = join(root, "tmp", "bench");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
// The program expects these next to its source, which is one folder deeper here.
for (const part of [
  "package.json",
  "node_modules",
  "models",
  "prompts",
  "codebook",
  "examples",
  "trainer",
  "dist",
  "bin",
  "docs",
]) {
  if (existsSync(join(root, part))) symlinkSync(join(root, part), join(folder, part));
}
run("npx", [
  "tsc",
  "--noEmit",
  "false",
  "--allowImportingTsExtensions",
  "false",
  "--rootDir",
  ".",
  "--outDir",
  "tmp/bench",
]);
// Copy files that are not TypeScript: style sheets, workers and C.
cpSync(join(root, "src"), join(folder, "src"), { recursive: true, filter: (path) => !path.endsWith(".ts") });
cpSync(join(root, "test/survey/disk.c"), join(folder, "test/survey/disk.c"));
run(process.execPath, [join(folder, "bench", `${name}.js`), ...args]);
