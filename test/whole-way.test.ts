import { spawn } from "node:child_process";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { main } from "../src/cli.ts";
import {
  readForms,
  readGenerations,
  readJudgments,
  readKey,
  readStimuli,
} from "../src/workbench/artefacts.ts";
import { exists, filesUnder, hashOf } from "../src/workbench/files.ts";
import { openStudy } from "../src/workbench/study.ts";
import { quietEffects, temporaryFolder } from "./helpers/world.ts";

/** The example study through every stage, with the embedded model: a new user's first command. */

const program = fileURLToPath(new URL("../bin/tinylove.mjs", import.meta.url));

const tinylove = (...argv: string[]) => tinyloveIn(process.env, ...argv);

async function tinyloveIn(env: NodeJS.ProcessEnv, ...argv: string[]) {
  const effects = quietEffects({ env });
  const code = await main(argv, effects);
  return { code, logged: effects.logged.join("\n"), printed: effects.printed.join("\n") };
}

/** The example study, without grammar, which takes half of a run: `measures/slow-measures.test.ts` checks it. */
async function exampleStudy(): Promise<string> {
  const study = join(await temporaryFolder(), "study");
  expect(await tinylove("init", study)).toMatchObject({ code: 0 });
  const file = join(study, "study.yaml");
  const settings = await readFile(file, "utf8");
  expect(settings).toContain("draws: 10000");
  const fewer = settings.replace("draws: 10000", "draws: 1000");
  await writeFile(file, `${fewer}\ndescribe: { skip: [grammar] }\n`);
  return study;
}

let folder: string;
beforeAll(async () => {
  folder = await exampleStudy();
  expect(await tinylove("run", "--study", folder)).toMatchObject({ code: 0 });
}, 600_000);

/** Everything that must be reproducible: all but times and durations. */
async function artefacts(of: string): Promise<Record<string, unknown>> {
  const study = await openStudy(of);
  const timeless = (await readGenerations(study)).map(({ ms: _ms, at: _at, ...generation }) => generation);
  return {
    generations: timeless,
    corpus: await hashOf(join(of, "corpus/stories.jsonl")),
    stimuli: await hashOf(join(of, "stimuli")),
    forms: await hashOf(join(of, "forms")),
    findings: (await filesUnder(join(of, "findings"))).map((file) => file.slice(of.length)),
    report: (await filesUnder(join(of, "report"))).map((file) => file.slice(of.length)),
  };
}

test("a run ends with all stages fresh, and a second one does nothing", async () => {
  const { printed } = await tinylove("status", "--study", folder);
  expect(printed).toContain("everything is fresh");
  expect(printed).not.toMatch(/missing|stale/);
  const again = await tinylove("run", "--study", folder);
  expect(again.logged).not.toContain("done in");
});

test("it makes five forms of ten stories with the right lengths from titles", async () => {
  const study = await openStudy(folder);
  const key = await readKey(study);
  const stimuli = await readStimuli(study);
  expect(await readForms(study)).toHaveLength(5);
  expect(stimuli).toHaveLength(50);
  expect([...key.values()].filter(({ origin }) => origin === "machine")).toHaveLength(25);
  for (const { text, words } of stimuli) {
    expect(words).toBeGreaterThanOrEqual(90);
    expect(words).toBeLessThanOrEqual(100);
    expect(text).not.toContain("Title:");
  }
});

test("a generation records all its settings, and its example is never the title's own story", async () => {
  for (const generation of await readGenerations(await openStudy(folder))) {
    expect(generation.model.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(generation.prompt.text.endsWith(`Title: ${generation.title}\nStory:`)).toBe(true);
    expect(generation.examples).toHaveLength(1);
    expect(generation.examples).not.toContain(generation.story);
    expect(generation.tokens.generated).toBeLessThanOrEqual(200);
  }
});

test("without judgments the report says so and shows what is ready", async () => {
  const page = await readFile(join(folder, "report/report.html"), "utf8");
  // Compared as booleans: a page in the failure message would be very long.
  expect(page.includes("nobody has judged a story")).toBe(true);
  expect(page.includes("not evidence about people")).toBe(true);
  expect(/<(script|link|img)[^>]+(src|href)="https?:/.test(page)).toBe(false);
});

test("the same seed reproduces the study, also if the run was killed", async () => {
  const expected = await artefacts(folder);
  const again = await exampleStudy();
  for (const delay of [300, 900, 1800, 3000]) await runAndKill(again, delay);
  expect(await tinylove("run", "--study", again)).toMatchObject({ code: 0 });
  expect(await artefacts(again)).toEqual(expected);
}, 600_000);

test("simulated readers fill a copy, marked as simulated in the data and across the report", async () => {
  const before = await artefacts(folder);
  const copy = join(await temporaryFolder(), "copy");
  const flags = ["--participants", "100", "--skill", "0.0", "--to", copy];
  expect(await tinylove("simulate", "--study", folder, ...flags)).toMatchObject({ code: 0 });
  // Without Chromium on the path no PDF is printed: the first report has one.
  expect(await tinyloveIn({ PATH: "" }, "run", "--study", copy)).toMatchObject({ code: 0 });
  const judgments = await readJudgments(await openStudy(copy));
  expect(judgments).toHaveLength(1000);
  expect(judgments.every(({ simulated }) => simulated)).toBe(true);
  const page = await readFile(join(copy, "report/report.html"), "utf8");
  expect(page.match(/simulated/gi)!.length).toBeGreaterThan(3);
  expect(await exists(join(folder, "survey.sqlite"))).toBe(false);
  expect(await artefacts(folder)).toEqual(before);
}, 600_000);

test("a moved study continues in its new place", async () => {
  const moved = join(await temporaryFolder(), "moved");
  await cp(folder, moved, { recursive: true });
  const { printed } = await tinylove("status", "--study", moved);
  expect(printed).toContain("everything is fresh");
});

/** Starts a run in its own process and kills it. */
function runAndKill(study: string, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, "run", "--study", study], { stdio: "ignore" });
    const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
    child.on("exit", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
