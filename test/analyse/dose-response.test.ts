import { expect, test } from "vitest";
import { doseResponse } from "../../src/analyse/analyses/dose-response.ts";
import { applies } from "../../src/analyse/analysis.ts";
import type { Data } from "../../src/analyse/data.ts";
import { dataOfStudy } from "../../src/analyse/from-study.ts";
import { randomFrom } from "../../src/stats/random.ts";
import { jsonLines, writeWhole } from "../../src/workbench/files.ts";
import { aStudy, stimulusOf, writeJudgments } from "./a-study.ts";
import { asking, claimsIn, dosed } from "./doses.ts";

const run = (data: Data, seed = 1) => doseResponse.run(data, randomFrom(seed));
const sentencesIn = (data: Data): string =>
  run(data)
    .findings.flatMap((finding) =>
      finding.kind === "sentence" && finding.role === "result" ? [finding.text] : [],
    )
    .join("\n");

test("a level that words and readers follow can be set; its figure shows both", () => {
  const data = dosed({ words: 0.6, moved: 0.6, named: 0.9, readers: 40 }, 1);
  expect(sentencesIn(data)).toMatch(
    /^echo: chat, melancholy: the level of melancholy can be set, in the words and as judged by readers\.\nThe words grow sadder .* Readers are moved more .* More readers name sadness or longing /,
  );
  const [first] = run(data).findings.filter((finding) => finding.kind === "figure");
  if (first?.kind !== "figure") throw new Error("no figure");
  expect(new Set(first.figure.table.rows.map((row) => row["of"]))).toEqual(
    new Set(["sad words", "moved", "felt the tone"]),
  );
  expect(first.figure.table.rows).toHaveLength(15);
});

test("a mean rating near the end of its scale has an asymmetric interval within the scale", () => {
  const figures = run(dosed({ moved: 1.5, readers: 8 }, 9)).findings.filter(({ kind }) => kind === "figure");
  const rows = figures.flatMap((finding) =>
    finding.kind === "figure" && finding.figure.labels["y"]?.includes("moved")
      ? finding.figure.table.rows
      : [],
  );
  const { mean, low, high } = rows.find(({ level }) => level === 4)!;
  expect(mean).toBeGreaterThan(6.3);
  expect(high).toBeGreaterThan(Number(mean));
  expect(high).toBeLessThan(7);
  expect(Number(mean) - Number(low)).toBeGreaterThan(Number(high) - Number(mean));
});

test("nothing is claimed about readers if none was asked", () => {
  expect(sentencesIn(dosed({ words: 0.6 }, 2))).toMatch(
    /can be set in the words; no reader was asked\.\nThe words grow sadder/,
  );
});

test("an effect on words is not claimed for readers", () => {
  expect(sentencesIn(dosed({ words: 0.6, readers: 40 }, 3))).toMatch(
    /in the words; that readers notice is not shown\.\n.* No effect of the level asked for on the share of readers who name sadness or longing is shown/,
  );
});

test("no significant effect is not reported as evidence of no effect", () => {
  expect(sentencesIn(dosed({ readers: 40 }, 4))).toMatch(
    /control of the level of melancholy is not shown\. This is not evidence that control is impossible\.$/m,
  );
});

test("one reader cannot represent many", () => {
  const text = sentencesIn(dosed({ named: 3, moved: 1, readers: 1 }, 5));
  expect(text).toContain("no interval: too few readers or titles");
  expect(text).not.toMatch(/Readers are moved more|More readers name/);
});

test("an effect in the wrong direction is reported", () => {
  expect(sentencesIn(dosed({ words: -0.6 }, 6))).toMatch(
    /changes in the wrong direction for at least one outcome.*\nThe words grow gladder/,
  );
});

test("it does not apply without levels, and with only one level there is nothing to compare", () => {
  const none = dosed({}, 7);
  const without = { ...none, study: { ...none.study!, generations: [] } };
  expect(applies(doseResponse, without)).toBe(false);
  expect(applies(doseResponse, none)).toBe(true);
  const one = none.study!.generations.filter(({ control }) => control?.["strength"] === 2);
  expect(sentencesIn({ ...none, study: { ...none.study!, generations: one } })).toBe(
    "No prompt asked for two different levels or categories, so there is nothing to compare.",
  );
});

test("no effect is found if readers and words ignore the level, with random effects of titles and readers", () => {
  const studies = 24;
  const false_ = Array.from({ length: studies }, (_, seed) =>
    Object.values(claimsIn(run(dosed({ readers: 20 }, 200 + seed), seed).numbers)).some(
      (claim) => claim !== 0,
    ),
  ).filter(Boolean).length;
  // One of 24 is expected; five or more have a probability below 1 %. bench/influence-calibration.ts simulates many more.
  expect(false_).toBeLessThan(5);
});

test.each(["best of", "far"] as const)(
  "texts that were chosen by their words are shown separately, and neither they nor their ratings are tested: %s",
  (redraws) => {
    const data = dosed({ readers: 40, redraws }, 11);
    const text = sentencesIn(data);
    expect(text).toContain("control of the level of melancholy is not shown");
    // Readers name sadness where words are sad, so their ratings reflect the selection.
    expect(text).toMatch(
      /\d+ texts were chosen among \d+ draws by the sadness of the words: .* Neither it nor the ratings of these texts are tested/,
    );
    expect(Object.keys(run(data).numbers["echo: chat, melancholy"] as object)).toEqual(["words"]);
    const chosen = run(data).findings.find(
      (finding) => finding.kind === "table" && finding.caption.includes("chosen among several draws"),
    );
    const means = chosen?.kind === "table" ? chosen.table.rows.map(({ mean }) => Number(mean)) : [];
    expect(means.at(-1)! - means[0]!).toBeGreaterThan(5);
  },
);

test.each([
  ["dialogue", "how much is spoken", "dialogue"],
  ["kind", "the kind of love", "kind of love"],
  ["setting", "the setting", "setting"],
  ["tone", "the tone", "tone"],
] as const)(
  "%s can be set if texts follow it, and control is not shown if they do not",
  (control, what, called) => {
    const followed = asking(control, 0.8, 1);
    expect(sentencesIn(followed)).toContain(`echo: chat, ${called}: ${what} can be set`);
    expect(run(followed).numbers["verdicts"]).toEqual({ [`echo: chat, ${called}`]: "can be set" });
    expect(sentencesIn(asking(control, 0, 1))).toContain(`control of ${what} is not shown`);
  },
);

test("codes by people are used as well as cue words", () => {
  const data = asking("kind", 0.6, 2);
  const [cues] = data.study!.coders!;
  const anna = { ...cues!, name: "anna", kind: "people" as const };
  const text = sentencesIn({ ...data, study: { ...data.study!, coders: [cues!, anna] } });
  expect(text).toContain("the kind of love can be set, in the words and as judged by readers.");
  expect(text).toContain("coded by people or a model");
});

test("a study's own files give levels, ratings and emotions", async () => {
  const study = await aStudy();
  const { study: facts } = dosed({}, 8);
  const ids = [1, 2, 3].map((number) => stimulusOf("form-1", "machine", number));
  const generations = ids.map((id, at) => ({
    ...facts!.generations[at]!,
    id,
    story: id,
    control: { tone: "melancholy", strength: at },
  }));
  await writeWhole(study.path("generations/echo/chat.jsonl"), jsonLines(generations));
  await writeJudgments(
    study,
    ["ann", "bob"].flatMap((participant) =>
      ids.map((id, at) => ({
        participant,
        form: "form-1",
        question: `q-${id}`,
        task: "how-it-felt",
        stimuli: [id],
        order: at + 1,
        at: "2026-01-01T00:00:00.000Z",
        simulated: false,
        response: { answer: String(2 + at), emotion: at === 2 ? "sadness" : "none" },
      })),
    ),
  );
  const { numbers } = doseResponse.run(await dataOfStudy(study), randomFrom(1));
  expect(numbers).toMatchObject({
    "echo: chat, melancholy": {
      moved: { estimate: 1, observations: 6, clusters: [2, 3] },
      named: { estimate: 0.5, observations: 6 },
    },
  });
});
