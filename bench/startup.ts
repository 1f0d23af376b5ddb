/**
 * The processor time until a command has answered, compared with a bare `node -e 0`. Each is run ten times, in turn, and the
 * minimum is taken, because other work on the machine only adds. Exits 1 if `--version` takes 3 times as long as node
 * alone, `--help` 6 times, or `status` of the example study 0.5 s. Needs a POSIX shell.
 *
 *     npm run bench -- startup
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../bin/tinylove.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tinylove-startup-"));
const study = join(folder, "study");
execFileSync(process.execPath, [program, "init", study], { stdio: "ignore" });

const commands = {
  node: ["-e", "0"],
  "--version": [program, "--version"],
  "--help": [program, "--help"],
  status: [program, "status", "--study", study],
};
type Name = keyof typeof commands;
const names = Object.keys(commands) as Name[];

const least = Object.fromEntries(names.map((name) => [name, Number.POSITIVE_INFINITY])) as Record<
  Name,
  number
>;
for (let round = 0; round < 10; round++)
  for (const name of names) least[name] = Math.min(least[name], processorSeconds(commands[name]));
rmSync(folder, { recursive: true });

console.table(
  Object.fromEntries(
    names.map((name) => [
      name,
      {
        seconds: Number(least[name].toFixed(3)),
        "times node": Number((least[name] / least.node).toFixed(1)),
      },
    ]),
  ),
);
if (least["--version"] > 3 * least.node || least["--help"] > 6 * least.node || least.status > 0.5)
  process.exitCode = 1;

/** User and system time of one run, with its threads, as the shell counts them. */
function processorSeconds(argv: readonly string[]): number {
  const script = '"$@" >/dev/null; times';
  const told = execFileSync("sh", ["-c", script, "sh", process.execPath, ...argv], { encoding: "utf8" });
  const times = told
    .trim()
    .split("\n")
    .at(-1)!
    .matchAll(/(\d+)m([\d.]+)s/g);
  return [...times].reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}
