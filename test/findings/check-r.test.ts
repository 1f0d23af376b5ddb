import { spawnSync } from "node:child_process";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { analyse } from "../../src/analyse/analyse.ts";
import { mixedModel } from "../../src/analyse/analyses/mixed-model.ts";
import { practice } from "../../src/analyse/analyses/practice.ts";
import { robustness } from "../../src/analyse/analyses/robustness.ts";
import { signalDetection } from "../../src/analyse/analyses/signal-detection.ts";
import { verdict } from "../../src/analyse/analyses/verdict.ts";
import type { Analysis } from "../../src/analyse/analysis.ts";
import type { Choice } from "../../src/analyse/data.ts";
import { choicesCsv } from "../../src/analyse/judged.ts";
import { checkR } from "../../src/findings/check-r.ts";
import { report } from "../../src/report/report.ts";
import { randomFrom } from "../../src/stats/random.ts";
import type { Judgment } from "../../src/study/judgment.ts";
import { AnalyseSettings, methodOf01 } from "../../src/study/settings/analyse.ts";
import { writeWhole } from "../../src/workbench/files.ts";
import { runStage } from "../../src/workbench/manifest.ts";
import { answersTo, aStudy, quiet, writeJudgments } from "../analyse/a-study.ts";
import { dataOf, found } from "../analyse/made-up.ts";
import { checkedInR, hasR } from "../helpers/check-r.ts";
import { temporaryFolder } from "../helpers/world.ts";

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
  await runStage(analyse, study, analyse.options!.parse({}), quiet());
  await runStage(report, study, { pdf: false }, quiet());
  return study.path("report");
}

let folder: string;
beforeAll(async () => {
  folder = await reported();
});

/** A folder with check.R for simulated data: 14 titles of a human and one or two machine stories, readers in 7 classes, one who can tell. */
async function made(settings: AnalyseSettings, more: readonly Analysis[] = []): Promise<string> {
  const random = randomFrom("clusters in R");
  const stories = Array.from({ length: 35 }, (_, at) => ({
    stimulus: `s${at}`,
    origin: at < 14 ? ("human" as const) : ("machine" as const),
    // The last stories have no title.
    title: at < 33 ? `Title ${at % 14}` : "",
    look: random.normal(),
  }));
  const ease = Array.from({ length: 14 }, () => 0.8 * random.normal());
  const looks = Array.from({ length: 14 }, () => 1.2 * random.normal());
  const choices = Array.from({ length: 42 }, (_, reader) => {
    const [skill, leaning] = [reader === 0 ? 5 : random.normal(), 0.6 * random.normal()];
    const hand = random.shuffle(stories).slice(0, reader === 0 ? 35 : random.integer(8, 24));
    return hand.map(({ look, ...story }, at): Choice => {
      const sign = story.origin === "human" ? 1 : -1;
      const title = Number(story.title.slice(6) || -1);
      const logit = sign * (skill + (ease[title] ?? 0)) + leaning + look + (looks[title] ?? 0);
      const answer = random.next() < 1 / (1 + Math.exp(-logit)) ? "human" : "machine";
      const labels = { class: `class ${reader % 7}` };
      const place = { participant: `r${reader}`, form: "", order: at + 1, labels, example: "", reason: "" };
      const confidence = 1 + ((at + reader) % 3);
      return {
        ...place,
        confidence,
        ...story,
        model: sign > 0 ? "" : "m",
        answer,
        right: answer === story.origin,
      };
    });
  }).flat();
  const data = dataOf({ choices, settings });
  const folder = await temporaryFolder();
  await writeWhole(join(folder, "tables/judgments.csv"), choicesCsv(data));
  const program = checkR(found(data, [verdict, mixedModel, signalDetection, ...more]), {
    margin: settings.margin,
    table: "tables/judgments.csv",
  });
  await writeWhole(join(folder, "check.R"), program!);
  return folder;
}

test("findings with former names give the same program", async () => {
  const study = join(folder, "..");
  const names = ["verdict", "mixed-model"];
  const texts = await Promise.all(
    names.map((name) => readFile(join(study, "findings", `${name}.json`), "utf8")),
  );
  const former = (text: string) =>
    text.replaceAll('"weighting"', '"weigh"').replaceAll('"intercept"', '"leaning"');
  const programOf = (found: string[]) =>
    checkR(
      found.map((text) => JSON.parse(text)),
      { margin: 0.1, table: "tables/judgments.csv" },
    );
  expect(texts.map(former)).not.toEqual(texts);
  expect(programOf(texts)).toContain("intercept (bias)");
  expect(programOf(texts.map(former))).toBe(programOf(texts));
});

describe.skipIf(!hasR)("check.R (Rscript)", () => {
  let whole = "";
  let unequal = "";
  let clustered = "";
  let declared = "";
  beforeAll(async () => {
    const stopped = await reported(({ order, participant }, at) => {
      const reader = Number(participant.slice(7));
      return reader % 3 > 0 || (order + reader) % 4 > 1 || at % 11 === 0;
    });
    const clusters = await made(AnalyseSettings.parse({ draws: 300, clusters: ["title", "class"] }), [
      robustness,
      practice,
    ]);
    const { weighting } = methodOf01;
    const as01 = await made(
      AnalyseSettings.parse({ draws: 300, weighting, clusters: [...methodOf01.clusters] }),
    );
    [whole, unequal, clustered, declared] = checkedInR([folder, stopped, clusters, as01]) as [
      string,
      string,
      string,
      string,
    ];
  }, 300_000);

  const agrees = (output: string) => {
    expect(output).not.toContain("DIFFER");
    expect(output).not.toContain("failed:");
    expect(output).toContain("all figures agree");
  };

  test("recomputes every figure of the verdict and agrees", () => {
    agrees(whole);
    expect(whole.match(/^ok/gm)!.length).toBeGreaterThanOrEqual(21);
  });

  test("agrees for readers who stopped early and stories with unequal numbers of judgments", () => {
    agrees(unequal);
  });

  test("agrees for clusters by title and class and equal reader weights, with the slopes of the mixed model", () => {
    agrees(clustered);
    expect(clustered).toMatch(/ok {5}readers shown to be able to tell +here [1-9]/);
    expect(clustered).toMatch(/ok {5}readers differ, p by permutation/);
    expect(clustered).toMatch(/ok {5}mixed model: SD of origin by reader/);
    expect(clustered).toMatch(/ok {5}mean reader: d'/);
    expect(clustered).toMatch(/ok {5}AUC, mean reader/);
    expect(clustered).toMatch(/ok {5}robustness: smallest margin/);
    expect(clustered).toMatch(/ok {5}other weighting: standard error/);
    expect(clustered).toMatch(/ok {5}without a title: lowest accuracy/);
    expect(clustered).toMatch(/ok {5}without a reader: highest accuracy/);
    expect(clustered).toMatch(/ok {5}practice, group 5: accuracy/);
    expect(clustered).toMatch(/ok {5}practice: change of d'/);
  });

  test("agrees with the analysis of version 0.1 if it was declared", () => {
    agrees(declared);
  });

  test("fails if a judgment was changed", async () => {
    const changed = join(await temporaryFolder(), "report");
    await cp(folder, changed, { recursive: true });
    const table = `${changed}/tables/judgments.csv`;
    const text = await readFile(table, "utf8");
    await writeFile(table, text.replace(/,human,,([^,]*),(\d),human/, ",human,,$1,$2,machine"));
    expect(await readFile(table, "utf8")).not.toBe(text);
    const { status, stdout } = spawnSync("Rscript", ["check.R"], { cwd: changed, encoding: "utf8" });
    expect(status).not.toBe(0);
    expect(stdout).toContain("DIFFER");
  });
});
