import { expect } from "vitest";
import { analyses } from "../../src/analyse/analyses.ts";
import { applies } from "../../src/analyse/analysis.ts";
import type { Choice, Data } from "../../src/analyse/data.ts";
import { withoutExcluded } from "../../src/analyse/exclusions.ts";
import { type Random, randomFrom } from "../../src/stats/random.ts";
import { type Finding, Findings } from "../../src/study/finding.ts";
import { AnalyseSettings } from "../../src/study/settings/analyse.ts";

/** Data as read from a table, partly simulated. */
export function dataOf(part: Partial<Data> & { settings?: Data["settings"] }): Data {
  const { choices = [], pairs = [], ratings = [] } = part;
  return {
    settings: AnalyseSettings.parse({ draws: 500 }),
    choices,
    pairs,
    ratings,
    questionKinds: new Set([
      ...(choices.length > 0 ? (["choices"] as const) : []),
      ...(pairs.length > 0 ? (["pairs"] as const) : []),
      ...(ratings.length > 0 ? (["ratings"] as const) : []),
    ]),
    forms: [],
    measures: new Map(),
    checks: [],
    leftOut: {},
    simulated: false,
    ...part,
  };
}

/** Readers who each judge every story; `says` gives each answer. */
export function choicesBy(
  readers: number,
  stories: number,
  says: (origin: Choice["origin"], random: Random) => Choice["answer"],
): Choice[] {
  const random = randomFrom("choices", readers, stories);
  return Array.from({ length: readers * stories }, (_, at) => {
    const story = at % stories;
    const origin = story % 2 === 0 ? "human" : "machine";
    const answer = says(origin, random);
    return {
      participant: `reader-${Math.floor(at / stories)}`,
      form: "",
      order: 1 + ((story * 7) % stories),
      stimulus: `story-${story}`,
      origin,
      model: origin === "human" ? "" : "model",
      example: "",
      title: `Story ${story}`,
      answer,
      right: answer === origin,
      reason: "",
    } satisfies Choice;
  });
}

export const guess = (_: unknown, random: Random) =>
  random.next() < 0.5 ? ("human" as const) : ("machine" as const);

/** Runs every analysis that applies, and checks that its findings survive JSON and match their schema. */
export function found(data: Data, asked = analyses): Findings[] {
  const kept = withoutExcluded(data);
  return asked
    .filter((analysis) => applies(analysis, kept))
    .map((analysis) => {
      const { name, question } = analysis;
      const findings = { analysis: name, question, ...analysis.run(kept, randomFrom("test", name)) };
      const read = Findings.parse(JSON.parse(JSON.stringify(findings)));
      expect(JSON.stringify(read)).not.toMatch(/NaN|undefined|Infinity/);
      return read;
    });
}

export const of = (all: readonly Findings[], name: string) => all.find(({ analysis }) => analysis === name)!;
export const sentencesIn = ({ findings }: Findings, role?: Finding["role"]) =>
  findings
    .flatMap((one) => (one.kind === "sentence" && (!role || one.role === role) ? [one.text] : []))
    .join(" ");
