import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { analyse } from "../../src/analyse/analyse.ts";
import { readFindings } from "../../src/workbench/artefacts.ts";
import { writeWhole } from "../../src/workbench/files.ts";
import { runStage } from "../../src/workbench/manifest.ts";
import type { Study } from "../../src/workbench/study.ts";
import { answersTo, aStudy, quiet, writeJudgments } from "./a-study.ts";

async function verdictOf(study: Study): Promise<string> {
  await runStage(analyse, study, analyse.options!.parse({}), quiet());
  const [verdict] = (await readFindings(study)).filter(({ analysis }) => analysis === "verdict");
  const [first] = verdict!.findings;
  return first?.kind === "sentence" ? first.text : "";
}

const readers = (count: number) => Array.from({ length: count }, (_, at) => `reader-${at + 1}`);

describe("a study’s own judgments", () => {
  test("before anybody has answered, the findings say what is ready", async () => {
    const study = await aStudy();
    expect(await verdictOf(study)).toBe("No verdict yet: nobody has judged a story.");
    const texts = JSON.stringify(await readFindings(study));
    expect(texts).toContain("2 forms with 6 human stories and 6 machine stories");
  });

  test("readers who are always right are different from chance", async () => {
    const study = await aStudy();
    await writeJudgments(
      study,
      readers(40).flatMap((reader, at) =>
        answersTo(`form-${(at % 2) + 1}`, reader, { human: 3, machine: 3 }),
      ),
    );
    expect(await verdictOf(study)).toMatch(
      /^Readers can tell: they are right about human and machine stories more often/,
    );
  });

  test("readers who are always wrong are different from chance too", async () => {
    const study = await aStudy();
    await writeJudgments(
      study,
      readers(40).flatMap((reader, at) =>
        answersTo(`form-${(at % 2) + 1}`, reader, { human: 0, machine: 0 }),
      ),
    );
    expect(await verdictOf(study)).toMatch(
      /^Readers are misled: they are right about human and machine stories less often/,
    );
  });

  test("a reader who says “human” to everything shows no skill, and the findings report the bias", async () => {
    const study = await aStudy();
    await writeJudgments(
      study,
      readers(40).flatMap((reader, at) =>
        answersTo(`form-${(at % 2) + 1}`, reader, { human: 3, machine: 0 }),
      ),
    );
    expect(await verdictOf(study)).toMatch(/^Inconclusive/);
    expect(JSON.stringify(await readFindings(study))).toContain("bias towards “human”");
  });

  test("one judgment and one reader are inconclusive, with the reason", async () => {
    const study = await aStudy();
    const [first] = answersTo("form-1", "reader-1", { human: 3, machine: 3 });
    await writeJudgments(study, [first!]);
    expect(await verdictOf(study)).toMatch(/^Inconclusive/);
    expect(JSON.stringify(await readFindings(study))).toContain("no judgments of machine stories");
    await writeJudgments(study, answersTo("form-1", "reader-1", { human: 3, machine: 3 }));
    expect(await verdictOf(study)).toMatch(/^Inconclusive/);
    expect(JSON.stringify(await readFindings(study))).toMatch(/one reader cannot represent readers/);
  });

  test("a form that nobody answered is named, and the others keep their scores", async () => {
    const study = await aStudy();
    await writeJudgments(study, answersTo("form-1", "reader-1", { human: 2, machine: 1 }));
    await verdictOf(study);
    const texts = JSON.stringify(await readFindings(study));
    expect(texts).toContain("form-1: 3.00 (1 response)");
    expect(texts).toContain("Nobody has completed these forms yet: form-2.");
  });

  test("an incomplete response counts as judgments but has no score", async () => {
    const study = await aStudy();
    await writeJudgments(study, [
      ...answersTo("form-1", "reader-1", { human: 3, machine: 3 }),
      ...answersTo("form-1", "reader-2", { human: 3, machine: 3 }).slice(0, 2),
    ]);
    await verdictOf(study);
    const accuracy = (await readFindings(study)).find(({ analysis }) => analysis === "accuracy")!;
    expect(accuracy.numbers.judgments).toBe(8);
    expect(accuracy.numbers.forms).toMatchObject([
      { responses: 1, begun: 1, meanScore: 6 },
      { responses: 0 },
    ]);
  });

  test("the same judgments and seed give the same findings, byte for byte", async () => {
    const study = await aStudy();
    await writeJudgments(study, answersTo("form-1", "reader-1", { human: 2, machine: 1 }));
    await verdictOf(study);
    const before = await readFile(study.path("findings/verdict.json"), "utf8");
    await verdictOf(study);
    expect(await readFile(study.path("findings/verdict.json"), "utf8")).toBe(before);
  });

  test("findings of an analysis that is no longer requested are removed", async () => {
    const study = await aStudy();
    await writeWhole(study.path("findings/old.json"), "{}");
    await verdictOf(study);
    expect((await readFindings(study)).map(({ analysis }) => analysis)).not.toContain("old");
  });

  test("a judgment of a story outside the key names the story and the fix", async () => {
    const study = await aStudy();
    const [first] = answersTo("form-1", "reader-1", { human: 3, machine: 3 });
    await writeJudgments(study, [{ ...first!, stimuli: ["unknown-story"] }]);
    await expect(verdictOf(study)).rejects.toThrow(/unknown-story is not in stimuli\/key.csv/);
  });

  test("a margin is set in study.yaml: the flag alone is refused", async () => {
    const study = await aStudy();
    await expect(
      runStage(analyse, study, analyse.options!.parse({ margin: "0.2" }), quiet()),
    ).rejects.toThrow(/--margin needs --judgments/);
  });
});

describe("a table from anywhere", () => {
  const columns = "participant,stimulus,origin,response";

  async function ofTable(text: string, options: Record<string, unknown> = {}) {
    const study = await aStudy();
    const file = study.path("table.csv");
    await writeFile(file, text);
    const effects = quiet();
    await analyse.standalone?.(analyse.options!.parse({ judgments: file, full: true, ...options }), effects);
    return { text: effects.printed.join("\n").replace(/\s+/g, " "), study };
  }

  test("columns are mapped, and other values for human and machine are read", async () => {
    const { text } = await ofTable("who,text,by,said\na,s1,AI,Human\na,s2,human,h\nb,s1,machine,m\n", {
      map: ["participant=who", "stimulus=text", "origin=by", "response=said"],
    });
    expect(text).toContain("2 of 3 were right (66.7 %)");
  });

  test("the verdict and its figure are printed, and with --full all findings", async () => {
    const table = `${columns}\na,s1,human,human\na,s2,machine,human\n`;
    const short = await ofTable(table, { full: false });
    expect(short.text).toMatch(/^Inconclusive: .* No test is possible/);
    expect(short.text).not.toContain("How often are readers right?");
    const full = await ofTable(table);
    expect(full.text).toContain("How often are readers right?");
    expect(full.text.startsWith(short.text)).toBe(true);
  });

  test("rows without an answer are counted and left out", async () => {
    const { text } = await ofTable(`${columns}\na,s1,human,human\na,s2,machine,\n`);
    expect(text).toContain("1 row was left out: an empty cell where an answer is needed");
  });

  test("a page is written if one is requested", async () => {
    const study = await aStudy();
    const page = study.path("page.html");
    await ofTable(`${columns}\na,s1,human,human\n`, { report: page });
    expect(await readFile(page, "utf8")).toContain("<!doctype html>");
  });

  test.each([
    ["a missing column", "participant,stimulus,origin\na,s1,human\n", /no column response/],
    [
      "a table of other names",
      "who,what,whence\na,s1,human\n",
      /no column participant, stimulus, origin, response/,
    ],
    ["a table of pairs without a side", "participant,human_side\na,left\n", /no column chosen_side/],
    ["an unknown origin", `${columns}\na,s1,alien,human\n`, /line 2: origin “alien” is not understood/],
    ["a story of two origins", `${columns}\na,s1,human,human\nb,s1,machine,human\n`, /s1 has two origins/],
    ["no rows", `${columns}\n`, /has no rows/],
  ])("%s is named", async (_, text, message) => {
    await expect(ofTable(text)).rejects.toThrow(message);
  });

  test("a missing mapped column is named, with the existing columns", async () => {
    await expect(ofTable(`${columns}\na,s1,human,human\n`, { map: ["response=said"] })).rejects.toThrow(
      /has no column said/,
    );
  });
});
