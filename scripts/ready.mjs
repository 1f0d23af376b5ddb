// Shared by the scripts: checks Node, installs packages, builds the program.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Ends with one line when Node is too old. */
export function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`error: Node ${process.versions.node} is too old (install Node 20.19 or newer)`);
  process.exit(1);
}

/** Installs packages if they are missing or older than the lock file. */
export function installPackages() {
  const installed = join(root, "node_modules", ".package-lock.json");
  const lock = join(root, "package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  say("Installing packages (about 250 MB from the npm registry, once)");
  run("npm", ["ci", "--no-fund", "--no-audit", "--ignore-scripts", "--loglevel=error"]);
}

/**
 * Builds `dist` if it is missing or older than the source. Types are checked by `npm run types`, and declarations are
 * written by `npm run build` and `npm pack`; both take much longer than the program itself.
 */
export function build() {
  const built = join(root, "dist", "cli.js");
  if (existsSync(built) && statSync(built).mtimeMs >= newest(join(root, "src"))) return;
  say("Building");
  run("npx", ["tsc", "-p", "tsconfig.build.json", "--noCheck", "--declaration", "false"]);
}

export const say = (message) => console.error(`\n▸ ${message}`);

/** Runs a program in this terminal; ends with its exit code if that is not 0. */
export function run(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
    ...options,
  });
  if (error) {
    console.error(`error: cannot run ${program} (${error.code})`);
    process.exit(1);
  }
  if (status !== 0) process.exit(status ?? 1);
}

function newest(folder) {
  return Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );
}
