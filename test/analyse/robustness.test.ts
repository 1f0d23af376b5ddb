import { expect, test } from "vitest";
import { robustness } from "../../src/analyse/analyses/robustness.ts";
import { verdict } from "../../src/analyse/analyses/verdict.ts";
import { withoutExcluded } from "../../src/analyse/exclusions.ts";
import { verdictOnChoices } from "../../src/analyse/judged.ts";
import { percent } from "../../src/study/print.ts";
import { AnalyseSettings } from "../../src/study/settings/analyse.ts";
import { choicesBy, dataOf, found, guess, of, sentencesIn } from "./made-up.ts";

interface Numbers {
  readonly smallestMargin: number;
  readonly margins: readonly { readonly margin: number; readonly verdict: string }[];
  readonly alternatives: readonly {
    readonly name: string;
    readonly estimate: number;
    readonly verdict: string;
  }[];
  readonly leftOut: readonly {
    readonly unit: string;
    readonly units: number;
    readonly checked: number;
    readonly changed: number;
    readonly low: number;
    readonly high: number;
    readonly mostInfluential: string;
  }[];
}

const numbersOf = (data: Parameters<typeof dataOf>[0]) => {
  const result = of(found(dataOf(data), [robustness]), "robustness");
  return { result, numbers: result.numbers as unknown as Numbers };
};

test("equivalence is shown at the smallest margin and just below it is not", () => {
  const choices = choicesBy(60, 40, guess);
  const { numbers, result } = numbersOf({ choices });
  const at = (margin: number) =>
    verdictOnChoices(choices, dataOf({ choices, settings: AnalyseSettings.parse({ margin }) }));
  expect(at(numbers.smallestMargin + 1e-6).together).toBe("equivalent");
  expect(at(numbers.smallestMargin - 1e-6).together).toBe("inconclusive");
  for (const { margin, verdict: word } of numbers.margins) expect(at(margin).together).toBe(word);
  expect(sentencesIn(result)).toContain("The smallest margin at which equivalence is shown");
});

test("the most influential reader is found but not named in sentences, and the verdicts without each unit are counted", () => {
  const choices = choicesBy(20, 40, guess).map((choice) =>
    choice.participant === "reader-7" ? { ...choice, answer: choice.origin, right: true } : choice,
  );
  const { numbers, result } = numbersOf({ choices });
  const readers = numbers.leftOut.find(({ unit }) => unit === "reader")!;
  expect(readers).toMatchObject({ units: 20, checked: 20, mostInfluential: "reader-7" });
  const rest = verdictOnChoices(
    choices.filter(({ participant }) => participant !== "reader-7"),
    dataOf({ choices }),
  );
  expect(readers.low).toBeCloseTo(rest.overall.estimate!, 12);
  // An id means nothing in a sentence.
  expect(sentencesIn(result)).not.toContain("reader-7");
  expect(sentencesIn(result)).toContain(
    `Without any one reader, accuracy is between ${percent(readers.low)} and ${percent(readers.high)}. The verdict`,
  );
  // No form is named in the data, so none is left out.
  expect(numbers.leftOut.map(({ unit }) => unit)).toEqual(["title", "reader"]);
});

test("the verdict with no exclusions is among the others", () => {
  const choices = [...choicesBy(30, 20, guess), ...choicesBy(30, 20, (origin) => origin)];
  const data = dataOf({ choices });
  const result = of(found(data, [robustness, verdict]), "robustness");
  const numbers = result.numbers as unknown as Numbers;
  const plain = numbers.alternatives.find(({ name }) => name === "No exclusions")!;
  expect(plain.estimate).toBeCloseTo(verdictOnChoices(choices, data).overall.estimate!, 12);
  expect(plain.estimate).toBeGreaterThan(0.7);
  expect(numbers.alternatives[0]!.estimate).toBeCloseTo(
    verdictOnChoices(withoutExcluded(data).choices, data).overall.estimate!,
    12,
  );
  expect(sentencesIn(result)).toContain("different with no exclusions");
});

test("of one reader, and before the planned end, it says why there is none", () => {
  expect(sentencesIn(numbersOf({ choices: choicesBy(1, 20, guess) }).result)).toContain(
    "No test of robustness yet",
  );
  const early = dataOf({
    choices: choicesBy(20, 20, guess),
    settings: AnalyseSettings.parse({ stop: { readers: 100 } }),
  });
  const result = of(found(early, [robustness]), "robustness");
  expect(sentencesIn(result)).toContain("No test of robustness yet");
  expect(result.findings).toHaveLength(1);
});
