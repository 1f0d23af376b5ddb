import { execFile } from "node:child_process";
import { lstatSync, readdirSync } from "node:fs";
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { readTable } from "../src/tables/tables.ts";
import { checkedInR, hasR } from "./helpers/check-r.ts";
import { temporaryFolder } from "./helpers/world.ts";

/**
 * The result of `npm pack`, installed in an empty folder outside the clone, with a study that has its own task about
 * origin, measure, analysis and model, from titles to a report and a package.
 */

const project = fileURLToPath(new URL("../", import.meta.url));
const run = promisify(execFile);

let home: string;
let study: string;
let simulated: string;
let env: NodeJS.ProcessEnv;

/** Runs the installed program; returns its output and exit code. */
async function tinylove(...argv: string[]) {
  const program = join(home, "node_modules", "tinylove", "bin", "tinylove.mjs");
  const ended = await run(process.execPath, [program, ...argv], { cwd: home, env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (failed: { code: number; stdout: string; stderr: string }) => failed,
  );
  return { code: ended.code, said: ended.stdout + ended.stderr };
}

const ok = async (...argv: string[]) => {
  const { code, said } = await tinylove(...argv);
  expect(code, said).toBe(0);
  return said;
};

/** Packs a copy of the project, because packing rebuilds `dist`, which other tests run. */
async function packed(): Promise<string> {
  const copy = join(await temporaryFolder(), "project");
  await mkdir(copy);
  const { files } = JSON.parse(await readFile(join(project, "package.json"), "utf8")) as { files: string[] };
  const parts = files.map((file) => file.split("/")[0]!).filter((part) => !/^(!|dist$|vendor$)/.test(part));
  for (const part of new Set([...parts, "src", "scripts", "package.json", "README.md", "LICENSE"]))
    await cp(join(project, part), join(copy, part), { recursive: true });
  for (const part of ["tsconfig.json", "tsconfig.build.json"])
    await cp(join(project, part), join(copy, part));
  await symlink(join(project, "node_modules"), join(copy, "node_modules"));
  await run("npm", ["pack", "--silent", "--pack-destination", dirname(copy)], { cwd: copy });
  const [archive] = readdirSync(dirname(copy)).filter((name) => name.endsWith(".tgz"));
  return join(dirname(copy), archive!);
}

beforeAll(async () => {
  home = await temporaryFolder();
  env = { ...process.env, TINYLOVE_CACHE: join(home, "cache"), TINYLOVE_TRUST: undefined };
  await writeFile(join(home, "package.json"), '{ "private": true, "type": "module" }\n');
  const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
  await run("npm", ["install", ...flags, await packed()], { cwd: home });
}, 600_000);

test("an installation is below 400 MB, and has neither tests nor GPU builds", () => {
  const paths = readdirSync(join(home, "node_modules"), { recursive: true, encoding: "utf8" });
  const bytes = paths.reduce((sum, path) => sum + sizeOnDisk(join(home, "node_modules", path)), 0);
  expect(bytes).toBeLessThan(400e6);
  expect(bytes).toBeGreaterThan(50e6);
  expect(paths.filter((path) => /@node-llama-cpp.*(cuda|vulkan)/.test(path))).toEqual([]);
  const own = readdirSync(join(home, "node_modules/tinylove"), { recursive: true, encoding: "utf8" });
  expect(
    own.filter((path) => /(^|\/)tests?\/|\.test\.|__pycache__/.test(path) && !path.startsWith("vendor")),
  ).toEqual([]);
  expect(own).toContain("trainer/tinylove_trainer/tune.py");
});

const sizeOnDisk = (path: string): number => {
  const { blocks, size } = lstatSync(path);
  return blocks === undefined ? size : blocks * 512;
};

test("a program imports it as a library, and its types are checked", async () => {
  const program = `
import { openStudy, randomFrom, tost, verdictTest, wilson } from "tinylove";
const random = randomFrom(1);
console.log(wilson(8, 10).low.toFixed(4), tost(50, 100, { margin: 0.1 }).exactP.toFixed(4));
await openStudy("nowhere").catch(({ name, message }) => console.log(name, message));
`;
  await writeFile(join(home, "program.mjs"), program);
  const { stdout } = await run(process.execPath, ["program.mjs"], { cwd: home });
  expect(stdout.split("\n").slice(0, 2)).toEqual([
    "0.4902 0.0271",
    expect.stringMatching(/^StudyError no study in nowhere/),
  ]);
  const typed = `
import { defineMeasure, wilson } from "tinylove";
export const low: number = wilson(8, 10).low;
export const length = defineMeasure({
  name: "length", meaning: "letters", unit: "letters", format: "integer", of: ({ plain }) => plain.length,
});
// @ts-expect-error a count is no text
wilson("8", 10);
// @ts-expect-error a measure says what it means
defineMeasure({ name: "length", unit: "letters", format: "integer", of: () => 1 });
`;
  await writeFile(join(home, "typed.mts"), typed);
  const compiler = join(project, "node_modules/typescript/bin/tsc");
  const types = ["--typeRoots", join(project, "node_modules/@types"), "--types", "node"];
  const flags = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2023"];
  const checked = await run(process.execPath, [compiler, ...flags, ...types, "typed.mts"], {
    cwd: home,
  }).catch(({ stdout: said }: { stdout: string }) => ({ stdout: said }));
  expect(checked.stdout).toBe("");
});

describe("a study with its own task, measure, analysis and model", () => {
  beforeAll(async () => {
    study = join(home, "own-study");
    simulated = join(home, "own-study-simulated");
    const examples = join(home, "node_modules/tinylove/examples");
    await mkdir(study);
    for (const file of ["who-wrote-it.mjs", "questions.mjs", "halves.mjs", "markov.mjs"])
      await cp(join(examples, "plugins", file), join(study, file));
    await cp(join(examples, "first-study/stories.csv"), join(study, "stories.csv"));
    await writeFile(join(study, "study.yaml"), settings);
  });

  test("its plugins run only after the user has agreed", async () => {
    const { code, said } = await tinylove("run", "--study", study);
    expect(code).toBe(1);
    expect(said.trim().split("\n")).toEqual([
      "error: plugins: ./who-wrote-it.mjs is a program that you have not agreed to run as it is now (read it, then run `tinylove trust`; TINYLOVE_TRUST=1 agrees to every plugin)",
    ]);
    await ok("trust", "--study", study);
  });

  test("it runs from titles to a report and a package", async () => {
    await ok("run", "--study", study);
    // Without Chromium on the path no second PDF is printed.
    env = { ...env, PATH: "", CHROMIUM: undefined };
    await ok("simulate", "--study", study, "--participants", "36", "--skill", "1.2", "--to", simulated);
    await ok("run", "--study", simulated);
    await ok("package", "--study", simulated);

    // The task.
    const forms = await readFile(join(study, "forms/form-1.json"), "utf8");
    expect(forms).toContain('"who-wrote-it"');
    // The model, next to the embedded one.
    const written = await readFile(join(study, "generations/stories/one-shot.jsonl"), "utf8");
    expect(JSON.parse(written.split("\n")[0]!).model.address).toBe("markov:stories");
    expect(await readFile(join(study, "generations/embedded/one-shot.jsonl"), "utf8")).toContain(
      '"address":"llama:embedded"',
    );
    // The measure.
    const codes = await readTable(join(study, "corpus/codes.csv"));
    const shares = codes.map((row) => Number(row["questions"]));
    expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true);
    expect(new Set(shares).size).toBeGreaterThan(3);
    // The analysis.
    const { numbers } = JSON.parse(await readFile(join(simulated, "findings/halves.json"), "utf8"));
    expect(numbers.first.accuracy).toBeGreaterThan(0.55);
    const page = await readFile(join(simulated, "report/report.html"), "utf8");
    expect(page.includes("Do readers improve while they read?")).toBe(true);
    expect(page.includes("sentences that end in a question mark")).toBe(true);
  }, 600_000);

  test("the verdict uses the answers to its own task, and the package says so", async () => {
    const rows = await readTable(join(simulated, "package/csv/judgments.csv"));
    const asked = rows.filter(({ task }) => task === "who-wrote-it");
    expect(asked).toHaveLength(36 * 4);
    expect(asked.every((row) => row["in_verdict"] === "TRUE")).toBe(true);
    expect(rows.length).toBeGreaterThan(asked.length);
    expect(rows.every((row) => row["task"] === "who-wrote-it" || row["in_verdict"] !== "TRUE")).toBe(true);
    const right = asked.filter((row) => row["correct"] === "1");
    expect(right).toEqual(asked.filter((row) => row["response"] === row["origin"]));
    const { overall } = JSON.parse(await readFile(join(simulated, "findings/verdict.json"), "utf8")).numbers;
    expect(overall).toMatchObject({ judgments: asked.length, correct: right.length });
  });

  test.skipIf(!hasR)(
    "R computes the same figures from the study and from the package (Rscript)",
    async () => {
      for (const output of checkedInR([join(simulated, "report"), join(simulated, "package")])) {
        expect(output).toContain("all figures agree");
        expect(output).not.toContain("DIFFER");
      }
    },
  );

  test("a changed plugin needs a new agreement, and makes stale what depends on it", async () => {
    const file = join(study, "halves.mjs");
    await writeFile(file, `${await readFile(file, "utf8")}\n// Changed.\n`);
    expect(await tinylove("status", "--study", study)).toMatchObject({ code: 1 });
    await ok("trust", "--study", study);
    const states = JSON.parse(await ok("status", "--study", study, "--json")) as Record<string, string>[];
    const stale = states.filter(({ is }) => is === "stale");
    expect(stale.map(({ stage, because }) => `${stage}: ${because}`)).toEqual([
      "analyse: halves.mjs changed",
      "report: analyse has to run",
    ]);
  });
});

const settings = `name: own-study
plugins: [./who-wrote-it.mjs, ./questions.mjs, ./halves.mjs, ./markov.mjs]
corpus: { file: stories.csv, split: { train: 40, validation: 4, test: 16 } }
generate:
  models:
    - { address: "markov:stories", order: 1 }
    - { address: llama:embedded }
  attempts: 8
  temperature: 0.7
  topP: 0.92
describe: { skip: [grammar, perplexity] }
analyse: { draws: 1000 }
compose:
  forms: 3
  human: 2
  machine: 2
  words: { least: 70, most: 80 }
  tasks: [{ task: who-wrote-it }, { task: attention-check, count: 1 }]
`;
