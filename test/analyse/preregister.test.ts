import { describe, expect, test } from "vitest";
import { analyse } from "../../src/analyse/analyse.ts";
import { preregister } from "../../src/analyse/preregister.ts";
import { StudyConfig } from "../../src/study/config.ts";
import { readFindings, stimuliFile } from "../../src/workbench/artefacts.ts";
import { readText, writeWhole } from "../../src/workbench/files.ts";
import { runStage } from "../../src/workbench/manifest.ts";
import { type Study, studyOf } from "../../src/workbench/study.ts";
import { answersTo, aStudy, quiet, writeJudgments } from "./a-study.ts";

async function registered(settings: Record<string, unknown> = {}): Promise<Study> {
  const study = await aStudy(settings);
  await writeWhole(
    study.path("study.yaml"),
    `name: of-two-forms\n${JSON.stringify(settings).slice(1, -1)}\n`,
  );
  return study;
}

async function warningsOf(study: Study): Promise<string[]> {
  await runStage(analyse, study, analyse.options!.parse({}), quiet());
  const found = (await readFindings(study)).find(({ analysis }) => analysis === "preregistration")!;
  return found.findings.flatMap((one) =>
    one.kind === "sentence" && one.role === "warning" ? [one.text] : [],
  );
}

const readers = (count: number) =>
  Array.from({ length: count }, (_, at) =>
    answersTo("form-1", `reader-${at}`, { human: at % 4, machine: (at + 1) % 4 }),
  ).flat();

describe("a registration", () => {
  test("is made once, before data collection, and has no deviations", async () => {
    const study = await registered();
    await preregister.run(study.folder, { late: false }, quiet());
    await writeJudgments(study, readers(10));
    expect(await warningsOf(study)).toEqual([]);
    await expect(preregister.run(study.folder, { late: false }, quiet())).rejects.toThrow(/was made at/);
  });

  test("after the first judgment needs --late, and the report says so", async () => {
    const study = await registered();
    await writeJudgments(study, readers(2));
    await expect(preregister.run(study.folder, { late: false }, quiet())).rejects.toThrow(
      /12 judgments already/,
    );
    await preregister.run(study.folder, { late: true }, quiet());
    expect(await warningsOf(study)).toEqual([
      "The study was registered late: 12 judgments had already been made.",
    ]);
  });

  test("reports a margin that was widened and stories that were changed afterwards", async () => {
    const study = await registered();
    await preregister.run(study.folder, { late: false }, quiet());
    await writeJudgments(study, readers(10));
    const changed = studyOf(
      study.folder,
      StudyConfig.parse({ name: "of-two-forms", analyse: { margin: 0.2 } }),
    );
    await writeWhole(
      study.path(stimuliFile),
      (await readText(study.path(stimuliFile))).replace("Once", "Twice"),
    );
    expect(await warningsOf(changed)).toEqual([
      "Deviation from the registration: analyse.margin was registered as 0.1, now it is 0.2.",
      "Deviation from the registration: stimuli/stimuli.jsonl has changed since the registration.",
    ]);
  });

  test("with a planned end reports an undeclared look, and what a declared look requires", async () => {
    const undeclared = await aStudy({ analyse: { stop: { readers: 20 } } });
    await writeJudgments(undeclared, readers(10));
    expect((await warningsOf(undeclared))[0]).toMatch(
      /10 of 20 planned readers \(50.0 %\) have finished. It was not declared/,
    );

    const declared = await aStudy({ analyse: { stop: { readers: 20, looks: [0.5] } } });
    await writeJudgments(declared, readers(10));
    // O'Brien and Fleming's boundary at half of the information, two-sided at .05: z = 2.963.
    expect((await warningsOf(declared))[0]).toMatch(/It was declared.* a difference with p ≤ .003/);

    const beyond = await aStudy({ analyse: { stop: { readers: 5 } } });
    await writeJudgments(beyond, readers(10));
    expect((await warningsOf(beyond))[0]).toMatch(/continued beyond its planned end: 10 readers finished, 5/);

    const ended = await aStudy({ analyse: { stop: { readers: 10 } } });
    await writeJudgments(ended, readers(10));
    expect(await warningsOf(ended)).toEqual([]);
  });

  test("of a study too small for the claim says so, with the number of stories needed", async () => {
    const study = await registered();
    const effects = quiet();
    await preregister.run(study.folder, { late: false }, effects);
    expect(effects.logged[0]).toMatch(
      /^12 stories are too few to show equivalence within 10 points, however many readers you ask. You need at least \d+ stories, half of them human; with \d+ stories, about \d+ readers give a power of 80 %\.$/,
    );
    await runStage(analyse, study, analyse.options!.parse({}), quiet());
    const [verdict] = await readFindings(study);
    expect(JSON.stringify(verdict!.findings)).toContain("12 stories are too few to show equivalence");
  });

  test("is not needed for the survey's quota to be the planned end; readers who left half-way do not count", async () => {
    const study = await aStudy({ survey: { quota: 20 } });
    await writeJudgments(study, readers(10));
    expect((await warningsOf(study))[0]).toMatch(/10 of 20 planned readers/);

    const left = Array.from({ length: 10 }, (_, at) =>
      answersTo("form-2", `left-${at}`, { human: 1, machine: 1 }).slice(0, 2),
    ).flat();
    const whole = answersTo("form-2", "whole", { human: 1, machine: 1 });
    const ended = await aStudy({ survey: { quota: 11 } });
    await writeJudgments(ended, [...readers(10), ...whole, ...left]);
    expect(await warningsOf(ended)).toEqual([]);
  });

  test("made by version 0.1, and forms made by it, keep that version's analysis; a new registration writes the method out", async () => {
    const study = await registered();
    await preregister.run(study.folder, { late: false }, quiet());
    const path = study.path("preregistration.json");
    const registration = JSON.parse(await readText(path));
    expect(registration.frozen.analyse).toMatchObject({ weighting: "readers", clusters: ["title"] });
    await writeJudgments(study, readers(10));
    const methodOf = async (of: Study) => {
      await runStage(analyse, of, analyse.options!.parse({}), quiet());
      return (await readFindings(of)).find(({ analysis }) => analysis === "verdict")!.numbers["method"];
    };
    expect(await methodOf(study)).toMatchObject({ weighting: "readers" });

    // The former name of the weighting.
    const { weighting, clusters, ...before } = registration.frozen.analyse;
    const registeredWith = (analyse: object) =>
      writeWhole(path, JSON.stringify({ ...registration, frozen: { ...registration.frozen, analyse } }));
    await registeredWith({ ...before, weigh: weighting, clusters });
    expect(await methodOf(study)).toMatchObject({ weighting: "readers" });

    await registeredWith(before);
    expect(await methodOf(study)).toEqual({ weighting: "judgments", clusters: [] });
    expect(await warningsOf(study)).toEqual([]);

    const unregistered = await aStudy();
    await writeJudgments(unregistered, readers(10));
    expect(await methodOf(unregistered)).toMatchObject({ weighting: "readers" });
    const manifest = JSON.parse(await readText(unregistered.path("manifest.json")));
    for (const [version, weights] of [
      ["0.1.0", "judgments"],
      ["0.2.0", "readers"],
    ]) {
      const compose = { ...manifest.stages.analyse, versions: { tinylove: version } };
      await writeWhole(unregistered.path("manifest.json"), JSON.stringify({ stages: { compose } }));
      expect(await methodOf(unregistered)).toMatchObject({ weighting: weights });
    }
    // Settings in study.yaml take precedence over those of the version that made the study.
    const declared = studyOf(
      unregistered.folder,
      StudyConfig.parse({ name: "of-two-forms", analyse: { weighting: "judgments", clusters: ["form"] } }),
    );
    expect(await methodOf(declared)).toEqual({ weighting: "judgments", clusters: ["form"] });
  });

  test("with a margin that was widened until the verdict changed reports it", async () => {
    const study = await registered();
    await preregister.run(study.folder, { late: false }, quiet());
    const half = (at: number) => ({ human: 1 + (at % 2), machine: 1 + ((at >> 1) % 2) });
    await writeJudgments(
      study,
      Array.from({ length: 60 }, (_, at) =>
        answersTo(`form-${(at % 2) + 1}`, `reader-${at}`, half(at)).map((judgment, place) => ({
          ...judgment,
          // The right answers rotate over stories, so that all stories are equally easy.
          stimuli: [judgment.stimuli[0]!.replace(/\d$/, String(1 + ((place + (at >> 2)) % 3)))],
        })),
      ).flat(),
    );
    const changed = studyOf(
      study.folder,
      StudyConfig.parse({ name: "of-two-forms", analyse: { margin: 0.4 } }),
    );
    expect((await warningsOf(changed)).at(-1)).toBe(
      "The verdict is inconclusive under the registered settings and equivalent under the current ones.",
    );
  });
});
