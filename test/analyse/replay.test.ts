import { writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { replay, replayed } from "../../src/analyse/replay.ts";
import { deepspeare } from "../../src/analyse/replays/deepspeare.ts";
import { aStudy, quiet } from "./a-study.ts";

const folder = process.env["TINYLOVE_DATA"];

describe.skipIf(folder === undefined)("deepspeare as it was published (TINYLOVE_DATA)", () => {
  const parts = async () => [...(await deepspeare.read(`${folder}/published/deepspeare.csv`))];

  test("266 of 500 and 371 of 500 human texts are found", async () => {
    expect((await parts()).map(([model, pairs]) => [replayed(model, pairs).found, pairs.length])).toEqual([
      [266, 500],
      [371, 500],
    ]);
  });

  test("clustered by reader the error is .0276 against .0223", async () => {
    const [[model, pairs]] = (await parts()) as [[string, never[]]];
    const { standardErrors } = replayed(model, pairs);
    expect(standardErrors.byReader).toBeCloseTo(0.0276, 4);
    expect(standardErrors.independent).toBeCloseTo(0.0223, 4);
  });

  test("equivalence is shown within .10 and not within .05, though nothing is significant", async () => {
    const [[model, pairs]] = (await parts()) as [[string, never[]]];
    const [wide, narrow] = replayed(model, pairs).margins;
    expect(wide!.verdict).toBe("equivalent");
    expect(wide!.clusteredP).toBeLessThan(0.05);
    expect(narrow!.verdict).toBe("inconclusive");
    expect(narrow!.clusteredP).toBeGreaterThan(0.05);
    expect(narrow!.differenceP).toBeGreaterThan(0.05);
  });
});

describe("a replay", () => {
  test("of an unknown study is refused with the known ones", async () => {
    await expect(replay.run(".", { study: "moon", data: "x.csv", json: false }, quiet())).rejects.toThrow(
      /no published study moon/,
    );
  });

  test("of a table that differs from the published one names the row", async () => {
    const file = (await aStudy()).path("table.csv");
    await writeFile(file, "reader,unit,golden,left,right,chosen\nr1,u1,false,real,real,real\n");
    await expect(replay.run(".", { study: "deepspeare", data: file, json: false }, quiet())).rejects.toThrow(
      /row 1: differs from the published table/,
    );
  });
});
