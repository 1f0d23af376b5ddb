// `npm run study`: from a fresh clone to a report and a running survey.
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { freePort } from "./free-port.mjs";
import { build, checkNode, installPackages, root, run, say } from "./ready.mjs";

const folder = join(root, "first-study");
const shown = relative(process.cwd(), folder) || folder;
const tinylove = (...args) => run(process.execPath, [join(root, "bin", "tinylove.mjs"), ...args]);
const flags = process.argv.slice(2);

checkNode();
installPackages();
build();

if (existsSync(join(folder, "study.yaml"))) {
  say(`Going on with the study in ${shown}`);
} else {
  say(`Making a study in ${shown} from examples/first-study`);
  tinylove("init", folder, "--example", "first-study");
}
const port = await portToServe();

say("Running what is stale: corpus, generation, forms, analysis, report");
tinylove("run", "--study", folder);

say(`The report: ${join(folder, "report", "report.html")}`);
if (port) {
  say("The survey (Ctrl-C stops it; every answer is on disk before it is acknowledged)");
  tinylove("serve", "--study", folder, ...port, ...flags);
}

/**
 * The flags that choose a port: where the survey's is taken that is told now, and not after the work, and the next free
 * one is served at. Undefined where this study's survey is open already.
 */
async function portToServe() {
  const control = join(folder, ".tinylove", "serve.json");
  const open = existsSync(control) ? new URL(JSON.parse(readFileSync(control, "utf8")).url) : undefined;
  if (open && (await freePort(Number(open.port), open.hostname)) !== Number(open.port)) {
    say(`The survey is open already, at ${open.origin}`);
    return undefined;
  }
  if (flags.some((flag) => flag.startsWith("--port"))) return [];
  const { parse } = await import("yaml");
  const { port: wanted = 4200, host = "127.0.0.1" } =
    parse(readFileSync(join(folder, "study.yaml"), "utf8"))?.survey ?? {};
  const free = await freePort(wanted, host);
  if (free === wanted) return [];
  say(`Port ${wanted} is in use: the survey will be at ${free} (\`npm run study -- --port N\` chooses)`);
  return ["--port", String(free)];
}
