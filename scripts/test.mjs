// `npm test`: installs what is missing, passes the tests, and says plainly what it left out and why.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { build, checkNode, installPackages, root, run, say } from "./ready.mjs";

checkNode();
installPackages();
build();

const chromium = findChromium() ?? installChromium();
const leftOut = [
  chromium
    ? ""
    : "the tests in a real browser: no Chromium here (install Chromium, or set CHROMIUM to its path)",
  process.env.TINYLOVE_POSTGRES || onPath("initdb")
    ? ""
    : "the tests on PostgreSQL: no initdb on the path, and TINYLOVE_POSTGRES names no server (postgres://user@host/database)",
  onPath("python3")
    ? ""
    : "the tests against llama.cpp's server: no python3 on the path (with it, pip puts 125 MB into ~/.cache/tinylove once)",
  process.env.TINYLOVE_DATA ? "" : "the tests on corpora from outside: TINYLOVE_DATA names no folder",
  process.env.TINYLOVE_PYTHON
    ? ""
    : "the tests of real tuning and of `transformers serve`: they need Python with the trainer (`tinylove tune setup`, then TINYLOVE_PYTHON=.venv/bin/python)",
  "the trainer's own tests: they are Python (`cd trainer && python -m pytest`)",
].filter(Boolean);

run("npx", ["vitest", "run", ...process.argv.slice(2)], {
  env: { ...process.env, ...(chromium && { CHROMIUM: chromium }) },
});
say("Left out:");
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

/** Where the system's own packages can be installed without asking (root on Debian), Chromium comes from there. */
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
