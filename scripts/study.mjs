// `npm run study`: from a fresh clone to a report and a running survey.
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { build, checkNode, installPackages, root, run, say } from "./ready.mjs";

const folder = join(root, "first-study");
const shown = relative(process.cwd(), folder) || folder;
const tinylove = (...args) => run(process.execPath, [join(root, "bin", "tinylove.mjs"), ...args]);

checkNode();
installPackages();
build();

if (existsSync(join(folder, "study.yaml"))) {
  say(`Going on with the study in ${shown}`);
} else {
  say(`Making a study in ${shown} from examples/first-study`);
  tinylove("init", folder, "--example", "first-study");
}

say("Running what is stale: corpus, generation, forms, analysis, report");
tinylove("run", "--study", folder);

say(`The report: ${join(folder, "report", "report.html")}`);
say("The survey (Ctrl-C stops it; every answer is on disk before it is acknowledged)");
tinylove("serve", "--study", folder, ...process.argv.slice(2));
