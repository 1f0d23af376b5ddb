import { spawnSync } from "node:child_process";
import { copyFile, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { analyse } from "../../src/analyse/analyse.ts";
import { preregister } from "../../src/analyse/preregister.ts";
import { packageStudy } from "../../src/release/package.ts";
import { randomFrom } from "../../src/stats/random.ts";
import type { Form } from "../../src/study/form.ts";
import { csv, readTable } from "../../src/tables/tables.ts";
import { formsFolder, judgmentsFile } from "../../src/workbench/artefacts.ts";
import { writeWhole } from "../../src/workbench/files.ts";
import { runStage } from "../../src/workbench/manifest.ts";
import type { Study } from "../../src/workbench/study.ts";
import { answersTo, aStudy, quiet, stimulusOf, writeJudgments } from "./a-study.ts";

const margin = 0.17;
let study: Study;
const csvOfPackage = () => study.path("package/csv/judgments.csv");

/** Forty participants. Some were too fast and are excluded; each also rated one story and judged one pair. */
beforeAll(async () => {
  const settings = { seed: 7, analyse: { margin, exclude: { answerFasterThan: 2000 }, draws: 200 } };
  study = await aStudy(settings);
  await writeWhole(
    study.path("study.yaml"),
    stringify({ name: "of-two-forms", title: "Of two forms", ...settings }),
  );
  for (const form of ["form-1", "form-2"]) await askMoreOn(form);
  await preregister.run(study.folder, preregister.options.parse({}), quiet());
  const random = randomFrom("own table");
  const judgments = Array.from({ length: 40 }, (_, at) => {
    const form = `form-${(at % 2) + 1}`;
    const reader = { participant: `reader-${at}`, form, at: "2026-01-01T00:00:00.000Z", simulated: true };
    const pair = [stimulusOf(form, "human", 1), stimulusOf(form, "machine", 1)];
    return [
      ...answersTo(form, reader.participant, {
        human: random.integer(1, 3),
        machine: random.integer(0, 3),
      }).map((judgment) => ({
        ...judgment,
        question: `q-${judgment.stimuli[0]}`,
        ms: random.integer(1500, 9000),
        simulated: true,
      })),
      {
        ...reader,
        question: `felt-${form}`,
        task: "how-it-felt",
        stimuli: pair.slice(0, 1),
        order: 7,
        ms: 3000,
        response: { answer: String(random.integer(1, 5)) },
      },
      {
        ...reader,
        question: `pair-${form}`,
        task: "which-is-human",
        stimuli: pair,
        side: random.pick(["left", "right"] as const),
        order: 8,
        ms: 3000,
        response: { answer: random.pick(["left", "right"]) },
      },
    ];
  }).flat();
  await writeJudgments(study, judgments);
  await runStage(analyse, study, analyse.options!.parse({}), quiet());
  await packageStudy.run(study.folder, packageStudy.options.parse({}), quiet());
});

async function askMoreOn(form: string): Promise<void> {
  const path = study.path(formsFolder, `${form}.json`);
  const asked: Form = JSON.parse(await readFile(path, "utf8"));
  const pair = [stimulusOf(form, "human", 1), stimulusOf(form, "machine", 1)];
  const more = [
    { id: `felt-${form}`, task: "how-it-felt", stimuli: pair.slice(0, 1) },
    { id: `pair-${form}`, task: "which-is-human", stimuli: pair },
  ];
  await writeWhole(path, JSON.stringify({ ...asked, questions: [...asked.questions, ...more] }));
}

async function numbersOf(file: string, options: Record<string, unknown> = {}) {
  const effects = quiet();
  await analyse.standalone!(analyse.options!.parse({ judgments: file, json: true, ...options }), effects);
  return { numbers: JSON.parse(effects.printed[0]!), logged: effects.logged };
}

const found = async (name: string) =>
  JSON.parse(await readFile(study.path(`findings/${name}.json`), "utf8")).numbers;

describe("a table that Tiny Love wrote", () => {
  test("of a study has exactly the study's figures", async () => {
    const { numbers, logged } = await numbersOf(study.path(judgmentsFile));
    for (const name of ["verdict", "pairs", "ratings", "quality"])
      expect(numbers[name], name).toEqual(await found(name));
    expect(logged.join()).toContain(`margin ${margin}, alpha 0.05) are those of the study in`);
  });

  test("of a package has the verdicts of its study, with the same margin and exclusions", async () => {
    const { numbers } = await numbersOf(csvOfPackage());
    const verdict = await found("verdict");
    expect(verdict.overall.judgments).toBeLessThan(240);
    for (const of of ["overall", "human", "machine"] as const) {
      const { verdict: expected, judgments, correct, equivalenceP, differenceP } = verdict[of];
      expect(numbers.verdict[of]).toMatchObject({ verdict: expected, judgments, correct });
      expect(numbers.verdict[of].equivalenceP).toBeCloseTo(equivalenceP, 12);
      expect(numbers.verdict[of].differenceP).toBeCloseTo(differenceP, 12);
    }
    const pairs = await found("pairs");
    expect(numbers.pairs).toMatchObject({ verdict: pairs.verdict, judgments: 40, correct: pairs.correct });
    expect(numbers.pairs.equivalenceP).toBeCloseTo(pairs.equivalenceP, 12);
    expect(Object.keys(numbers.ratings)).toEqual(Object.keys(await found("ratings")));
  });

  test.each(["parquet", "jsonl"])("of a package has the same figures from its %s", async (kind) => {
    const { numbers } = await numbersOf(csvOfPackage());
    const other = await numbersOf(study.path(`package/${kind}/judgments.${kind}`));
    expect(other.numbers).toEqual(numbers);
    expect(other.logged.join()).toContain(`margin ${margin}, alpha 0.05) are those of the package in`);
  });

  test("is tested against another margin if one is given", async () => {
    const { numbers } = await numbersOf(csvOfPackage(), { margin: 0.02 });
    const { overall } = await found("verdict");
    expect(numbers.verdict.overall.equivalenceP).toBeGreaterThan(overall.equivalenceP);
    expect(numbers.verdict.overall.differenceP).toBeCloseTo(overall.differenceP, 12);
  });

  test("that was moved is refused with what is missing", async () => {
    const copy = study.path("elsewhere.csv");
    await copyFile(study.path(judgmentsFile), copy);
    await expect(numbersOf(copy)).rejects.toThrow("elsewhere.csv does not say who wrote the stories");
    await copyFile(csvOfPackage(), copy);
    await expect(numbersOf(copy)).rejects.toThrow(
      "elsewhere.csv has several tasks: human-or-machine, how-it-felt, which-is-human",
    );
    const rows = (await readTable(copy)).filter(({ task }) => task === "human-or-machine");
    await writeWhole(copy, csv(Object.keys(rows[0]!), rows));
    expect((await numbersOf(copy)).numbers.verdict.overall.judgments).toBe(240);
  });

  test("with a stimulus that the package lacks is refused with its name", async () => {
    const table = study.path("package/csv/stimuli.csv");
    const whole = await readFile(table, "utf8");
    await writeWhole(table, whole.replace(/^form-1-human-2,.*\n/m, ""));
    await expect(numbersOf(csvOfPackage())).rejects.toThrow("stimuli.csv has no stimulus form-1-human-2");
    await writeWhole(table, whole);
  });
});

describe("the package", () => {
  test("marks each judgment that the verdict uses", async () => {
    const rows = await readTable(csvOfPackage());
    const of = (value: string) => rows.filter((row) => row["in_verdict"] === value);
    const { overall } = await found("verdict");
    expect(of("TRUE")).toHaveLength(overall.judgments);
    expect(of("TRUE").filter(({ correct }) => correct === "1")).toHaveLength(overall.correct);
    expect(of("FALSE").length).toBe(240 - overall.judgments);
    expect(of("FALSE").every(({ ms }) => Number(ms) < 2000)).toBe(true);
    expect(new Set(of("").map(({ task }) => task))).toEqual(new Set(["how-it-felt", "which-is-human"]));
    expect(await readFile(study.path("package/preregistration.json"), "utf8")).toBe(
      await readFile(study.path("preregistration.json"), "utf8"),
    );
  });

  const hasR = spawnSync("Rscript", ["--version"]).status === 0;
  test.skipIf(!hasR)("recomputes the verdict in R from its own table (Rscript)", () => {
    const { status, stdout, stderr } = spawnSync("Rscript", ["check.R"], {
      cwd: study.path("package"),
      encoding: "utf8",
    });
    expect(stdout, stderr).toContain("all figures agree");
    expect(status).toBe(0);
  });

  test("has check.R with the study's figures, but not if the findings are of other judgments", async () => {
    const { overall } = await found("verdict");
    const program = await readFile(study.path("package/check.R"), "utf8");
    expect(program).toContain(`check("overall: accuracy", found$estimate, ${overall.estimate})`);
    expect(program).toContain('read.csv("csv/judgments.csv"');
    expect(program).toContain("subset(judgments, in_verdict)");

    const before = await readFile(study.path(judgmentsFile), "utf8");
    await writeWhole(study.path(judgmentsFile), before.replace(/,human,(\d+),/, ",machine,$1,"));
    const to = study.path("stale");
    const effects = quiet();
    await packageStudy.run(study.folder, packageStudy.options.parse({ to }), effects);
    expect(effects.logged.join("\n")).toMatch(
      /check\.R and in_verdict are left out, .*judgments\.csv changed\): run `tinylove analyse` first/,
    );
    await expect(readFile(join(to, "check.R"))).rejects.toThrow("ENOENT");
    expect((await readTable(join(to, "csv/judgments.csv"))).every((row) => row["in_verdict"] === "")).toBe(
      true,
    );
    await rm(to, { recursive: true });
    await writeWhole(study.path(judgmentsFile), before);
  });
});
