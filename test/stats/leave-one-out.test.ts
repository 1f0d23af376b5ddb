import { expect, test } from "vitest";
import type { Judgments } from "../../src/stats/judgments.ts";
import { leaveOneOut } from "../../src/stats/leave-one-out.ts";
import { randomFrom } from "../../src/stats/random.ts";
import { simulateStudy } from "../../src/stats/simulate-study.ts";
import { verdictTest } from "../../src/stats/verdict-test.ts";

/** A study whose readers stopped early, so that the two weightings differ. */
function uneven(): Judgments {
  const variances = { bias: 0.6, skill: 0.8, story: 0.5 };
  const study = simulateStudy({ readers: 12, stories: 16, each: 12, variances }, randomFrom("without"));
  const rows = [...Array(study.correct.length).keys()].filter(
    (at) => (at * 7) % 12 < 3 + Number(study.readers[at]),
  );
  return {
    readers: rows.map((at) => study.readers[at]!),
    stories: rows.map((at) => study.stories[at]!),
    origins: rows.map((at) => study.origins[at]!),
    correct: rows.map((at) => study.correct[at]!),
  };
}

test.each(["readers", "judgments"] as const)(
  "accuracies without each reader, story or class are those of the verdict on the rest: %s",
  (weighting) => {
    const study = uneven();
    const classes = Array.from(
      study.readers,
      (reader, at) => (Number(reader) + Number(study.stories[at])) % 3,
    );
    for (const units of [study.readers, study.stories, classes]) {
      const without = leaveOneOut(study, units, weighting);
      expect(without.length).toBe(new Set(Array.from(units)).size);
      for (const { unit, overall, human, machine } of without) {
        const rows = [...Array(units.length).keys()].filter((at) => units[at] !== unit);
        const rest = {
          readers: rows.map((at) => study.readers[at]!),
          stories: rows.map((at) => study.stories[at]!),
          origins: rows.map((at) => study.origins[at]!),
          correct: rows.map((at) => study.correct[at]!),
        };
        const test = verdictTest(rest, { margin: 0.1, weighting });
        expect(overall).toBeCloseTo(test.overall.estimate!, 12);
        expect(human).toBeCloseTo(test.human.estimate!, 12);
        expect(machine).toBeCloseTo(test.machine.estimate!, 12);
      }
    }
  },
);

test("without the only human story there is no accuracy on human stories", () => {
  const study: Judgments = {
    readers: ["a", "b", "a", "b"],
    stories: ["h", "h", "m", "n"],
    origins: ["human", "human", "machine", "machine"],
    correct: [true, false, true, true],
  };
  const [without] = leaveOneOut(study, study.stories, "readers");
  expect(without).toEqual({ unit: "h", overall: undefined, human: undefined, machine: 1 });
});
