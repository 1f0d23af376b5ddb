import { describe, expect, test } from "vitest";
import { earlierOf } from "../../src/analyse/earlier-study.ts";
import { plannedStudy, power } from "../../src/analyse/power.ts";
import { powerFindings } from "../../src/analyse/power-findings.ts";
import { defaultPlan, readersNeeded, withStories } from "../../src/analyse/power-plan.ts";
import { simulatedPower, smallestEffect, verdictPower } from "../../src/stats/power.ts";
import { randomFrom } from "../../src/stats/random.ts";
import { writeWhole } from "../../src/workbench/files.ts";
import { temporaryStudy } from "../helpers/world.ts";
import { aStudy, quiet } from "./a-study.ts";
import { choicesBy, dataOf, guess } from "./made-up.ts";

const { options } = power;
// biome-ignore lint/suspicious/noExplicitAny: what a program would read of --json.
const numbersOf = async (given: Record<string, unknown>): Promise<any> =>
  powerFindings(await plannedStudy(options.parse({ check: 0, ...given }), undefined)).numbers;

describe("a plan", () => {
  test("finds the number of readers for the whole claim, by formula and by simulation", async () => {
    const numbers = await numbersOf({ stories: 120, each: 20, check: 120 });
    expect(numbers.needed).toBeGreaterThan(30);
    const { human, machine } = numbers.formula;
    expect(human.equivalent * machine.equivalent).toBeGreaterThanOrEqual(0.8);
    // 120 studies: three standard errors of the simulation are 0.11.
    expect(Math.abs(numbers.simulated.together.equivalent - 0.8)).toBeLessThan(0.13);
  });

  test("a smaller margin and fewer stories need more readers; with too few stories no number is enough", async () => {
    const base = (await numbersOf({ stories: 120 })).needed;
    expect((await numbersOf({ stories: 120, margin: 0.08 })).needed).toBeGreaterThan(base);
    expect((await numbersOf({ stories: 60 })).needed).toBeGreaterThan(base);
    expect((await numbersOf({ stories: 12 })).needed).toBeNull();
  });

  test("with an accuracy outside the margin says that no number of stories helps", async () => {
    const { findings } = powerFindings(
      await plannedStudy(options.parse({ check: 0, accuracy: 0.62 }), undefined),
    );
    expect(findings[0]).toMatchObject({
      text: expect.stringMatching(
        /^60 stories are too few .* if the true accuracy is 62 %, however many readers you ask\. Even 10,000 stories are not enough/,
      ),
    });
  });

  test("groups of readers and conditions: unequal groups need more readers, conditions within readers fewer", async () => {
    const needed = async (given: object) =>
      (await numbersOf({ readers: 100, stories: 60, each: 12, apart: 0.8, ...given })).comparison.needed;
    const equal = await needed({ compare: 2 });
    expect(equal).toBeGreaterThan(20);
    expect(await needed({ compare: 2, share: 0.1 })).toBeGreaterThan(2 * equal);
    expect(await needed({ compare: 3, by: "stories" })).toBeLessThan(
      await needed({ compare: 3, by: "readers" }),
    );
    const few = powerFindings(
      await plannedStudy(options.parse({ check: 0, readers: 9, compare: 4, by: "stories" }), undefined),
    );
    expect(JSON.stringify(few.findings)).toContain("each reader needs 8 stories or more");
    expect((await numbersOf({ readers: 9 })).comparison).toBeNull();
  });

  test("thirteen responses, as in 2022, could have shown nothing", async () => {
    const { formula } = await numbersOf({ readers: 13, stories: 18, each: 6 });
    expect(formula.overall.equivalent).toBeLessThan(0.05);
    expect(formula.overall.different).toBeLessThan(0.06);
  });

  test("shared titles need more readers; with too few of them no number is enough", async () => {
    const base = (await numbersOf({ stories: 120, each: 20 })).needed;
    const titled = await numbersOf({ stories: 120, each: 20, titles: 60, title: 0.55 });
    expect(titled.needed).toBeGreaterThan(base);
    expect((await numbersOf({ stories: 60, titles: 5 })).needed).toBeNull();
    await expect(numbersOf({ stories: 20, titles: 11 })).rejects.toThrow("--titles 11: more than the 10");
    await expect(numbersOf({ stories: 20, each: 6, forms: 10 })).rejects.toThrow("--forms 10: 20 stories");
  });

  test.each([
    [{ each: 5 }, /--each 5: an odd number/],
    [{ stories: 4 }, /--each 6: more than the 4 stories/],
  ])("%o is named", async (given, message) => {
    await expect(numbersOf(given)).rejects.toThrow(message);
  });
});

describe("the plan of a study", () => {
  const settings = { analyse: { margin: 0.2, alpha: 0.1 }, survey: { quota: 40 } };

  test("has the stories and questions of its forms, its margin and its planned end", async () => {
    const study = await aStudy(settings);
    const asked = await plannedStudy(options.parse({ check: 0 }), study);
    expect(asked).toMatchObject({ stories: 12, each: 6, margin: 0.2, alpha: 0.1, readers: 40 });
    expect(asked.about).toContain(
      "Planned for “Of two forms”: margin 20 %, alpha 0.1, 40 readers, 12 stories of which each reader judges 6.",
    );
  });

  test("is overridden by flags, and uses the settings before forms exist", async () => {
    const compose = { forms: 4, human: 2, machine: 3 };
    const study = await temporaryStudy({ ...settings, compose });
    const asked = await plannedStudy(options.parse({ margin: 0.05, readers: 7 }), study);
    expect(asked).toMatchObject({ stories: 16, each: 4, margin: 0.05, alpha: 0.1, readers: 7 });
    expect(asked.about).toContain("8 human and 12 machine stories; the plan uses the smaller number");
  });

  test("without questions about origin is reported, unless stories are given", async () => {
    const study = await temporaryStudy({ compose: { tasks: [{ task: "how-it-felt" }] } });
    await expect(plannedStudy(options.parse({}), study)).rejects.toThrow(
      "does not ask of human and of machine",
    );
    expect(await plannedStudy(options.parse({ stories: 40, each: 4 }), study)).toMatchObject({
      stories: 40,
      each: 4,
    });
  });

  test("of thirty stories says that no number of readers is enough, and what would be", async () => {
    const study = await temporaryStudy({});
    await writeWhole(study.path("study.yaml"), "name: thirty\ntitle: Thirty\n");
    const effects = quiet();
    await power.run(study.folder, options.parse({ check: 0 }), effects);
    const text = effects.printed.join("\n").replace(/\s+/g, " ");
    const [, fewest, ample, readers] =
      /^30 stories are too few .* at least (\d+) stories, half of them human; with (\d+) stories, about (\d+) readers give/
        .exec(text)!
        .map(Number);
    // The study's human and machine stories share titles, two per title.
    const plan = defaultPlan({ stories: fewest!, each: 6, titles: fewest! / 2 });
    const test = { margin: 0.1, alpha: 0.05 };
    expect(readersNeeded(plan, test, 0.8)).toBeGreaterThan(1000);
    expect(readersNeeded(withStories(plan, fewest! - 2), test, 0.8)).toBeUndefined();
    expect(readersNeeded(withStories(plan, ample!), test, 0.8)).toBe(readers);
  });
});

describe("assumptions", () => {
  test("of an earlier study are taken from its judgments, and flags take precedence", async () => {
    const random = randomFrom("earlier");
    const leans = Array.from({ length: 80 }, () => 1.2 * random.normal());
    const choices = choicesBy(80, 40, guess)
      .map((choice) => {
        const logit = 0.5 + leans[Number(choice.participant.slice(7))]!;
        const answer = random.next() < 1 / (1 + Math.exp(-logit)) ? ("human" as const) : ("machine" as const);
        return { ...choice, answer, right: answer === choice.origin };
      })
      // A quarter of the readers leave half-way.
      .filter(({ participant, order }) => Number(participant.slice(7)) % 4 > 0 || order! <= 20);
    const earlier = earlierOf(dataOf({ choices }), "A pilot", "pilot");
    expect(earlier.assumptions.bias).toBeGreaterThan(0.9);
    expect(earlier.assumptions.bias).toBeLessThan(1.6);
    expect(earlier.assumptions.finish).toBeCloseTo(0.75, 12);
    expect(earlier.assumptions.leaning).toBeGreaterThan(0.05);
    const asked = await plannedStudy(options.parse({ check: 0, bias: 0.2 }), undefined, earlier);
    expect(asked).toMatchObject({ ...earlier.assumptions, bias: 0.2 });
    expect(asked.about).toContain("Assumed as in “A pilot” (80 readers)");
    expect(() => earlierOf(dataOf({}), "Empty", "empty")).toThrow("--from empty: the study has no judgments");
  });

  test("drop-out, leaning and wider stories cost power, by formula as in simulation", async () => {
    const base = { readers: 179, stories: 72, each: 6 };
    const grid = (await numbersOf(base)).grid as { name: string; power: number; smallestEffect: number }[];
    expect(grid).toHaveLength(12);
    expect(grid[0]).toMatchObject({ name: "As planned" });
    for (const { power: its } of grid.slice(1)) expect(its).toBeLessThan(grid[0]!.power);
    const plan = { ...defaultPlan({ stories: 72, each: 6 }), readers: 179, finish: 0.6 };
    const test = { margin: 0.1, alpha: 0.05, weighting: "readers" as const };
    const simulated = simulatedPower(plan, test, { studies: 200 }, randomFrom("leaves"));
    // Three standard errors of 200 studies are .10.
    expect(Math.abs(verdictPower(plan, test).together - simulated.together.equivalent)).toBeLessThan(0.13);
  });

  test("the smallest effect is seen with the wanted power", () => {
    const plan = { ...defaultPlan({ stories: 72, each: 6 }), readers: 60 };
    const test = { margin: 0.1, alpha: 0.05 };
    const effect = smallestEffect(plan, test)!;
    const at = (off: number) => ({ ...plan, humanAccuracy: 0.5 + off, machineAccuracy: 0.5 + off });
    expect(verdictPower(at(effect), test).overall.different).toBeGreaterThanOrEqual(0.8);
    expect(verdictPower(at(effect - 0.002), test).overall.different).toBeLessThan(0.8);
  });
});
