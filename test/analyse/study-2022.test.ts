import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { analyse } from "../../src/analyse/analyse.ts";
import { probabilityOfMeeting } from "../../src/analyse/rule-2022.ts";
import { quiet } from "./a-study.ts";

const file = fileURLToPath(new URL("../../examples/study-2022/judgments.csv", import.meta.url));

describe("the study of 2022", () => {
  let text = "";
  // biome-ignore lint/suspicious/noExplicitAny: what a program would read of --json.
  let numbers: any;

  beforeAll(async () => {
    const plain = quiet();
    await analyse.standalone?.(
      analyse.options!.parse({ judgments: file, full: true, rule2022: true }),
      plain,
    );
    text = plain.printed.join("\n").replace(/\s+/g, " ");
    const json = quiet();
    await analyse.standalone?.(analyse.options!.parse({ judgments: file, json: true, rule2022: true }), json);
    numbers = JSON.parse(json.printed.join(""));
  });

  test("forms score 2.75, 5 and 2.88 of 6 on average", () => {
    expect(
      numbers.accuracy.forms.map((form: Record<string, unknown>) => [
        form.form,
        form.responses,
        form.meanScore,
        form.points,
      ]),
    ).toEqual([
      ["2", 4, 2.75, 11],
      ["3", 1, 5, 5],
      ["4", 8, 2.875, 23],
    ]);
    expect(text).toContain("2: 2.75 (4 responses); 3: 5.00 (1 response); 4: 2.88 (8 responses)");
  });

  // The study printed 53.84 % for 21 of 39: it truncated 53.846, we round.
  test("half of all judgments are right, 21 of 39 human and 18 of 39 machine stories", () => {
    expect(text).toContain("39 of 78 were right (50.0 %)");
    expect(text).toContain("21 of 39 on human stories (53.8 %)");
    expect(text).toContain("18 of 39 on machine stories (46.2 %)");
    expect(text).toMatch(/1\.62 \(53\.85 % right\).* 1\.38 \(46\.15 % right\)/);
    expect(Math.trunc((numbers.verdict.human.correct / numbers.verdict.human.judgments) * 10_000) / 100).toBe(
      53.84,
    );
  });

  test("thirteen responses are inconclusive, and nothing is called indistinguishable", () => {
    expect(numbers.verdict.together).toBe("inconclusive");
    expect(text).toMatch(/^Inconclusive: /);
    expect(text.toLowerCase()).not.toContain("indistinguishable");
  });

  test("the study’s own rule is shown, with why it cannot support the claim", () => {
    expect(numbers.verdict.rule2022.met).toBe(false);
    expect(probabilityOfMeeting(0.5).overall).toBeCloseTo(0.516, 3);
    expect(probabilityOfMeeting(0.52).overall).toBeCloseTo(0.174, 3);
    expect(text).toContain("met with probability 0.516 by readers who guess");
  });
});
