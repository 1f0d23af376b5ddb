import { describe, expect, test } from "vitest";
import { type GroupEffect, groups as groupsAnalysis } from "../../src/analyse/analyses/groups.ts";
import { analysesWith } from "../../src/analyse/analyses.ts";
import type { Choice, Data, ReaderGrouping } from "../../src/analyse/data.ts";
import { problemWithGroups, readerGroupings } from "../../src/analyse/reader-groups.ts";
import { comparisonPower, simulateComparison, simulatedComparison } from "../../src/stats/compared-groups.ts";
import { randomFrom } from "../../src/stats/random.ts";
import { AnalyseSettings } from "../../src/study/settings/analyse.ts";
import { dataOf, found, of, sentencesIn } from "./made-up.ts";

describe("groups of readers", () => {
  const questions = [
    { name: "gender", options: ["woman", "man", "other"] },
    { name: "age", number: true },
    { name: "ai_1", options: ["never", "sometimes", "often"] },
    { name: "ai_2", options: ["1", "2", "3", "4", "5"] },
    { name: "job" },
    { name: "recruited", options: [] },
  ];
  const people = new Map(
    Object.entries({
      a: { gender: "man", age: "29", ai_1: "often", ai_2: "1", recruited: "class" },
      b: { gender: "woman", age: "30", ai_1: "never", ai_2: "5", recruited: "link" },
      c: { age: "50", ai_1: "sometimes" },
    }),
  );
  const grouped = (by: Record<string, unknown>, registered?: unknown[]) => {
    const { groups } = AnalyseSettings.parse({ groups: [by] });
    const [one] = readerGroupings(
      groups!,
      people,
      questions,
      registered && AnalyseSettings.parse({ groups: registered }).groups,
    );
    return one!;
  };

  test("are answers in the order of the options, a split number, a sum, or the source", () => {
    expect(grouped({ by: "gender" })).toEqual({
      ...{ name: "gender", exploratory: false, groups: ["woman", "man", "other"] },
      of: new Map([
        ["a", "man"],
        ["b", "woman"],
      ]),
    });
    const ages = grouped({ by: "age", split: [50, 30] });
    expect(ages.groups).toEqual(["under 30", "30 to under 50", "50 or more"]);
    expect([...ages.of.values()]).toEqual(["under 30", "30 to under 50", "50 or more"]);
    expect([...grouped({ by: "age", linear: true }).of.values()]).toEqual([29, 30, 50]);
    const literacy = { by: "literacy", sum: ["ai_1", "ai_2"], reverse: ["ai_2"], linear: true };
    expect([...grouped(literacy).of]).toEqual([
      ["a", 3 + 5],
      ["b", 1 + 1],
    ]);
    expect(grouped({ by: "recruited" }).groups).toEqual(["class", "link"]);
  });

  test("are exploratory if they say so, or if they were not registered as they are", () => {
    expect(grouped({ by: "gender", exploratory: true }).exploratory).toBe(true);
    expect(grouped({ by: "gender" }, [{ by: "gender" }]).exploratory).toBe(false);
    expect(grouped({ by: "age", split: [40] }, [{ by: "age", split: [30] }]).exploratory).toBe(true);
  });

  test.each([
    [{ by: "gendre" }, "unknown question gendre"],
    [{ by: "age" }, "age is a number"],
    [{ by: "job" }, "answered in free text"],
    [{ by: "age", split: [30], linear: true }, "both split and linear"],
    [{ by: "scale", sum: ["ai_1", "ai_2"] }, "scale is a number"],
    [{ by: "scale", sum: ["ai_1", "ai_2"], reverse: ["age"], linear: true }, "age, which is not in sum"],
  ])("%j is refused", (by, message) => {
    const { groups } = AnalyseSettings.parse({ groups: [by] });
    expect(problemWithGroups(groups!, questions)?.message).toContain(message);
  });
});

/** 60 readers of 12 stories in two groups; `apart` is the difference of their d'. */
function studyOf(
  apart: number,
  groupings: (data: ReturnType<typeof simulateComparison>) => ReaderGrouping[],
): Data {
  const drawn = simulateComparison(
    {
      ...{ readers: 60, stories: 12, each: 12, groups: 2, by: "groups", apart },
      variances: { bias: 0.5, skill: 0.3, story: 0.4 },
    },
    randomFrom("groups", apart),
  );
  const choices = drawn.values.map((value, at): Choice => {
    const origin = drawn.origins[at]!;
    const answer = value === 1 ? "human" : "machine";
    return {
      ...{ participant: `r${drawn.readers[at]}`, form: "", stimulus: `s${drawn.stories[at]}`, origin },
      ...{ model: origin === "human" ? "" : "model", example: "", title: "", reason: "" },
      ...{ answer, right: answer === origin },
    };
  });
  return dataOf({ choices, groups: groupings(drawn) });
}

/** The group of each reader as drawn, with the four readers of a third group taken from the first. */
const byGroup = (drawn: ReturnType<typeof simulateComparison>): ReaderGrouping[] => {
  const of = new Map(
    drawn.readers.map((reader, at) => [`r${reader}`, drawn.conditions[at] === "0" ? "lay" : "expert"]),
  );
  for (const reader of [...of].filter(([, group]) => group === "lay").slice(0, 3)) of.set(reader[0], "both");
  return [{ name: "experience", exploratory: false, groups: ["lay", "expert", "both"], of }];
};

describe("the comparison of groups", () => {
  const only = (data: Data) => of(found(data, [groupsAnalysis]), "groups");

  test("finds a difference of d′, gives each group its verdict, and hides groups of fewer than five", () => {
    const findings = only(studyOf(2, byGroup));
    expect(sentencesIn(findings)).toMatch(
      /Readers tell better by experience: d′ is \d\.\d+ higher for expert than for lay/,
    );
    const text = JSON.stringify(findings);
    expect(text).toContain('{"group":"both","readers":"< 5"}');
    expect(text).toContain('{"group":"lay","readers":"5 or more"}');
    const { effects, verdicts } = findings.numbers as unknown as {
      effects: GroupEffect[];
      verdicts: { group: string; verdict: string }[];
    };
    expect(effects.map(({ of: effect, group }) => `${effect} ${group}`)).toEqual([
      "interaction expert",
      "condition expert",
    ]);
    expect(verdicts.map(({ group }) => group)).toEqual(["lay", "expert"]);
    expect(verdicts[1]!.verdict).toBe("different");
    expect(verdicts[1]).not.toHaveProperty("readers");
  });

  test("claims nothing where there is no difference, and exploratory groups are corrected by themselves", () => {
    const findings = only(
      studyOf(0, (drawn) => [...byGroup(drawn), { ...byGroup(drawn)[0]!, name: "late", exploratory: true }]),
    );
    expect(sentencesIn(findings)).toContain(
      "It is not shown that readers tell better or worse by experience",
    );
    expect(sentencesIn(findings)).toContain("Exploratory, to be confirmed by another study: it is not shown");
    const { effects } = findings.numbers as unknown as { effects: GroupEffect[] };
    for (const { p, holm } of effects) expect(holm).toBe(p);
  });

  test("a number has a slope: per standard deviation of the readers", () => {
    const findings = only(
      studyOf(2, (drawn) => [
        {
          ...{ name: "literacy", exploratory: false },
          of: new Map(
            drawn.readers.map((reader, at) => [
              `r${reader}`,
              10 * Number(drawn.conditions[at]) + (reader % 3),
            ]),
          ),
        },
      ]),
    );
    expect(sentencesIn(findings)).toMatch(
      /Readers with a higher literacy tell better: if it is 5\.\d+ more, the log odds ratio/,
    );
    const [slope] = (findings.numbers as unknown as { effects: GroupEffect[] }).effects;
    // A difference of 2 in d' is one of 3.3 on the logit, over two standard deviations.
    expect(slope!.estimate).toBeGreaterThan(1);
    expect(slope!.estimate).toBeLessThan(2.4);
  });

  test("is one of the analyses only where groups are declared", () => {
    expect(analysesWith({ members: [] } as never).map(({ name }) => name)).toContain("groups");
    expect(found(dataOf({ choices: [] }), [groupsAnalysis])).toEqual([]);
  });
});

test("the power to show a difference between groups is that of simulated studies", () => {
  const plan = {
    ...{ readers: 60, stories: 40, each: 8, groups: 3, by: "readers" as const, apart: 0.9 },
    variances: { bias: 0.5, skill: 0.3, story: 0.55 },
  };
  const formula = comparisonPower(plan);
  const { last } = simulatedComparison(plan, { studies: 150 }, randomFrom("groups", "power"));
  // 150 studies: three standard errors of the simulation are .12.
  expect(Math.abs(formula - last)).toBeLessThan(0.12);
  expect(formula).toBeGreaterThan(0.4);
  expect(formula).toBeLessThan(0.9);
  expect(comparisonPower({ ...plan, share: 0.05, by: "groups" })).toBeLessThan(formula);
  expect(() => comparisonPower({ ...plan, each: 4, by: "stories" as never })).toThrow(
    "each must be at least 6",
  );
});
