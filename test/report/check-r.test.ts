import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { analyse } from "../../src/analyse/analyse.ts";
import { pageOfFindings, report } from "../../src/report/report.ts";
import { randomFrom } from "../../src/stats/random.ts";
import type { Judgment } from "../../src/study/judgment.ts";
import { runStage } from "../../src/workbench/manifest.ts";
import { answersTo, aStudy, quiet, writeJudgments } from "../analyse/a-study.ts";

const hasR = spawnSync("Rscript", ["--version"]).status === 0;
const analysis = analyse(pageOfFindings);

async function reported(kept: (judgment: Judgment, at: number) => boolean = () => true) {
  const study = await aStudy();
  const random = randomFrom("check.R");
  const judgments = Array.from({ length: 40 }, (_, at) =>
    answersTo(`form-${(at % 2) + 1}`, `reader-${at}`, {
      human: random.integer(1, 3),
      machine: random.integer(0, 3),
    }),
  ).flat();
  await writeJudgments(study, judgments.filter(kept));
  await runStage(analysis, study, analysis.options!.parse({}), quiet());
  await runStage(report, study, { pdf: false }, quiet());
  return study.path("report");
}

describe.skipIf(!hasR)("check.R (Rscript)", () => {
  test("computes every figure of the verdict anew and agrees", async () => {
    const folder = await reported();
    const { status, stdout, stderr } = spawnSync("Rscript", ["check.R"], { cwd: folder, encoding: "utf8" });
    expect(stdout, stderr).not.toContain("DIFFER");
    expect(status).toBe(0);
    expect(stdout.match(/^ok/gm)!.length).toBeGreaterThanOrEqual(21);
    expect(stdout).toContain("all figures agree");
  });

  test("agrees where readers stopped early and stories were judged unevenly often", async () => {
    const folder = await reported(({ order, participant }, at) => {
      const reader = Number(participant.slice(7));
      return reader % 3 > 0 || (order + reader) % 4 > 1 || at % 11 === 0;
    });
    const { status, stdout, stderr } = spawnSync("Rscript", ["check.R"], { cwd: folder, encoding: "utf8" });
    expect(stdout, stderr).not.toContain("DIFFER");
    expect(status).toBe(0);
  });

  test("fails where a judgment was changed", async () => {
    const folder = await reported();
    const table = `${folder}/tables/judgments.csv`;
    const text = await readFile(table, "utf8");
    await writeFile(table, text.replace(/,human,,(\d),human/, ",human,,$1,machine"));
    expect(await readFile(table, "utf8")).not.toBe(text);
    const { status, stdout } = spawnSync("Rscript", ["check.R"], { cwd: folder, encoding: "utf8" });
    expect(status).not.toBe(0);
    expect(stdout).toContain("DIFFER");
  });
});
