import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import { readFindings, readGenerations } from "../../src/workbench/artefacts.ts";
import { writeWhole } from "../../src/workbench/files.ts";
import { openStudy } from "../../src/workbench/study.ts";
import { tinylove } from "../helpers/small-study.ts";
import { temporaryFolder } from "../helpers/world.ts";

/** A study made by version 0.1: see its README. */
const fixture = fileURLToPath(new URL("../fixtures/study-0.1/", import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = join(await temporaryFolder(), "study");
  await cp(fixture, folder, { recursive: true });
  await writeWhole(
    join(folder, "survey.sqlite"),
    gunzipSync(await readFile(join(fixture, "survey.sqlite.gz"))),
  );
});

const numbers = async (of: string, name: string) =>
  JSON.parse(await readFile(join(of, `findings/${name}.json`), "utf8")).numbers;
const textOf = (of: string, file: string) => readFile(join(of, file), "utf8");

test("its stages are still fresh", async () => {
  const { code, printed } = await tinylove("status", "--study", folder);
  expect(code).toBe(0);
  for (const stage of ["collect", "compose", "judgments"])
    expect(printed).toMatch(new RegExp(`^${stage} +fresh`, "m"));
});

test("fields with former names are read under their new names", async () => {
  expect(await textOf(folder, "generations/one/one-shot.jsonl")).toContain('"pretend":true');
  const generations = await readGenerations(await openStudy(folder));
  expect(generations.length).toBeGreaterThan(0);
  expect(generations.every(({ model }) => model.dummy === true && !("pretend" in model))).toBe(true);
  expect(await textOf(folder, "findings/verdict.json")).toContain('"weight": "verdict"');
  const [verdict] = await readFindings(await openStudy(folder));
  expect(verdict).toMatchObject({ analysis: "verdict", question: expect.any(String), position: 1 });
  expect(verdict!.findings[0]).toMatchObject({ role: "verdict" });
});

test("its store gives the same judgments, byte for byte, but for a renamed column", async () => {
  expect(await tinylove("judgments", "--study", folder)).toMatchObject({ code: 0 });
  for (const file of ["judgments/judgments.csv", "judgments/participants.csv"])
    expect(await textOf(folder, file)).toBe(
      (await textOf(fixture, file)).replace("filled_traps", "filled_honeypots"),
    );
});

test("its registered analysis gives the same verdict, and a report", async () => {
  expect(await tinylove("analyse", "--study", folder)).toMatchObject({ code: 0 });
  const [then, now] = [await numbers(fixture, "verdict"), await numbers(folder, "verdict")];
  expect(now.together).toBe(then.together);
  for (const of of ["overall", "human", "machine"]) {
    for (const figure of ["judgments", "correct", "readers", "stories"])
      expect(now[of][figure]).toBe(then[of][figure]);
    for (const figure of ["estimate", "standardError", "degrees", "equivalenceP", "differenceP"])
      expect(now[of][figure]).toBeCloseTo(then[of][figure], 10);
  }
  const pairs = await Promise.all([fixture, folder].map((of) => numbers(of, "pairs")));
  expect(pairs[1].correct).toBe(pairs[0].correct);
  const ratings = await Promise.all([fixture, folder].map((of) => numbers(of, "ratings")));
  const difference = (of: (typeof ratings)[number]) => of["how-it-felt"].difference.estimate;
  expect(difference(ratings[1])).toBeCloseTo(difference(ratings[0]), 10);
  expect(await tinylove("report", "--study", folder)).toMatchObject({ code: 0 });
  expect(await textOf(folder, "report/report.html")).toContain("is not a language model");
});
