import { describe, expect, test } from "vitest";
import { planned } from "../../src/analyse/planned.ts";
import { heard, power } from "../../src/analyse/power.ts";
import { readersNeeded, usualPlan, withStories } from "../../src/analyse/power-plan.ts";
import { writeWhole } from "../../src/workbench/files.ts";
import { temporaryStudy } from "../helpers/world.ts";
import { aStudy, quiet } from "./a-study.ts";

const { options } = power;
// biome-ignore lint/suspicious/noExplicitAny: what a program would read of --json.
const numbersOf = async (given: Record<string, unknown>): Promise<any> =>
  planned(await heard(options.parse({ check: 0, ...given }), undefined)).numbers;

describe("a plan", () => {
  test("names readers with whom the whole claim is shown, by formula and by simulation", async () => {
    const numbers = await numbersOf({ stories: 120, each: 20, check: 120 });
    expect(numbers.needed).toBeGreaterThan(30);
    const { human, machine } = numbers.formula;
    expect(human.equivalent * machine.equivalent).toBeGreaterThanOrEqual(0.8);
    // 120 studies: three standard errors of the simulation are 0.11.
    expect(Math.abs(numbers.simulated.together.equivalent - 0.8)).toBeLessThan(0.13);
  });

  test("a smaller margin and fewer stories need more readers, and too few stories never do", async () => {
    const base = (await numbersOf({ stories: 120 })).needed;
    expect((await numbersOf({ stories: 120, margin: 0.08 })).needed).toBeGreaterThan(base);
    expect((await numbersOf({ stories: 60 })).needed).toBeGreaterThan(base);
    expect((await numbersOf({ stories: 12 })).needed).toBeNull();
  });

  test("at an accuracy that lies beyond the margin says so, for then no story helps", async () => {
    const { findings } = planned(await heard(options.parse({ check: 0, accuracy: 0.62 }), undefined));
    expect(findings[0]).toMatchObject({
      text: expect.stringMatching(
        /^With 60 stories .* 80 %, if accuracy is truly 62 %, nor do 10,000 stories/,
      ),
    });
  });

  test("thirteen responses of 2022 could have shown nothing", async () => {
    const { formula } = await numbersOf({ readers: 13, stories: 18, each: 6 });
    expect(formula.overall.equivalent).toBeLessThan(0.05);
    expect(formula.overall.different).toBeLessThan(0.06);
  });

  test("titles that stories share take more readers, and too few of them never do", async () => {
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
    const asked = await heard(options.parse({ check: 0 }), study);
    expect(asked).toMatchObject({ stories: 12, each: 6, margin: 0.2, alpha: 0.1, readers: 40 });
    expect(asked.about).toContain(
      "Planned for “Of two forms”: margin 20 %, alpha 0.1, 40 readers, 12 stories of which each reader judges 6.",
    );
  });

  test("gives way to flags, and to its settings before forms are made", async () => {
    const compose = { forms: 4, human: 2, machine: 3 };
    const study = await temporaryStudy({ ...settings, compose });
    const asked = await heard(options.parse({ margin: 0.05, readers: 7 }), study);
    expect(asked).toMatchObject({ stories: 16, each: 4, margin: 0.05, alpha: 0.1, readers: 7 });
    expect(asked.about).toContain("8 human and 12 machine stories; the fewer decide");
  });

  test("that asks no such question is told, unless stories are given", async () => {
    const study = await temporaryStudy({ compose: { tasks: [{ task: "how-it-felt" }] } });
    await expect(heard(options.parse({}), study)).rejects.toThrow("does not ask of human and of machine");
    expect(await heard(options.parse({ stories: 40, each: 4 }), study)).toMatchObject({
      stories: 40,
      each: 4,
    });
  });

  test("of thirty stories says that no number of readers will do, and what would", async () => {
    const study = await temporaryStudy({});
    await writeWhole(study.path("study.yaml"), "name: thirty\ntitle: Thirty\n");
    const effects = quiet();
    await power.run(study.folder, options.parse({ check: 0 }), effects);
    const text = effects.printed.join("\n").replace(/\s+/g, " ");
    const [, fewest, ample, readers] =
      /^With 30 stories no number of readers .* at least (\d+) stories, half of them human, and with (\d+) some (\d+) readers do/
        .exec(text)!
        .map(Number);
    // The study's human and machine stories share its titles, a pair to each.
    const plan = usualPlan({ stories: fewest!, each: 6, titles: fewest! / 2 });
    const test = { margin: 0.1, alpha: 0.05 };
    expect(readersNeeded(plan, test, 0.8)).toBeGreaterThan(1000);
    expect(readersNeeded(withStories(plan, fewest! - 2), test, 0.8)).toBeUndefined();
    expect(readersNeeded(withStories(plan, ample!), test, 0.8)).toBe(readers);
  });
});
