import { holm } from "../../src/stats/multiple-tests.ts";
import { normalSurvival } from "../../src/stats/normal.ts";
import type { Origin } from "../../src/tasks/kinds.ts";

/** Everything that a participant receives about one text: bytes, headers, position, time. */
export interface Received {
  readonly stimulus: string;
  readonly origin: Origin;
  readonly body: string;
  readonly headers: string;
  readonly numbers: Readonly<Record<string, number>>;
}

/**
 * A small classifier of origin from everything that is received. Features are every run of one, two or four characters in
 * the bodies and headers, and the side of each number at its deciles; the features that best separate the training texts
 * vote. Trained on half of the texts; returns its accuracy on the other half, which is chance if nothing leaks.
 */
export function originAudit(received: readonly Received[]): number {
  const training = received.filter((_, at) => at % 4 < 2);
  const testing = received.filter((_, at) => at % 4 >= 2);
  const deciles = decilesOf(training);
  const features = training.map((one) => featuresOf(one, deciles));
  const voters = bestVoters(features, training);
  const right = testing.filter((one) => {
    const own = featuresOf(one, deciles);
    const votes = voters.reduce((sum, { feature, weight }) => sum + (own.has(feature) ? weight : -weight), 0);
    return (votes > 0 ? "machine" : "human") === one.origin;
  });
  return right.length / testing.length;
}

interface Voter {
  readonly feature: string;
  readonly weight: number;
}

/** Features weighted by how much more often machine texts have them, so that a perfect one outvotes all weak ones. */
function bestVoters(features: readonly ReadonlySet<string>[], training: readonly Received[]): Voter[] {
  const counts = new Map<string, { human: number; machine: number }>();
  features.forEach((own, at) => {
    for (const feature of own) {
      const count = counts.get(feature) ?? { human: 0, machine: 0 };
      count[training[at]!.origin]++;
      counts.set(feature, count);
    }
  });
  const total = { human: 0, machine: 0 };
  for (const { origin } of training) total[origin]++;
  return [...counts]
    .map(([feature, { human, machine }]) => ({
      feature,
      weight: (machine / total.machine - human / total.human) ** 5,
    }))
    .sort((one, other) => Math.abs(other.weight) - Math.abs(one.weight))
    .slice(0, 15);
}

function featuresOf(
  { body, headers, numbers }: Received,
  deciles: ReadonlyMap<string, number[]>,
): Set<string> {
  const features = new Set<string>();
  for (const [where, text] of [
    ["body", body],
    ["headers", headers],
  ] as const) {
    for (const length of [1, 2, 4]) {
      for (let at = 0; at + length <= text.length; at++)
        features.add(`${where} ${text.slice(at, at + length)}`);
    }
  }
  for (const [name, value] of Object.entries(numbers)) {
    deciles.get(name)!.forEach((decile, at) => {
      if (value > decile) features.add(`${name} over decile ${at + 1}`);
    });
  }
  return features;
}

function decilesOf(received: readonly Received[]): Map<string, number[]> {
  const names = Object.keys(received[0]!.numbers);
  return new Map(
    names.map((name) => {
      const sorted = received.map(({ numbers }) => numbers[name]!).sort((one, other) => one - other);
      return [
        name,
        [1, 2, 3, 4, 5, 6, 7, 8, 9].map((tenth) => sorted[Math.floor((sorted.length * tenth) / 10)]!),
      ];
    }),
  );
}

/** A page of one text: all numbers that can be counted or measured, by name. */
export interface Measured {
  readonly origin: Origin;
  readonly numbers: Readonly<Record<string, number>>;
}

/**
 * For each number the p-value of its difference between human and machine texts: the Mann-Whitney test with ties, adjusted
 * by Holm. It finds single numbers that leak; `originAudit` finds combinations.
 */
export function tellingNumbers(pages: readonly Measured[]): Map<string, number> {
  const names = Object.keys(pages[0]!.numbers);
  const adjusted = holm(names.map((name) => rankSum(pages, name)));
  return new Map(names.map((name, at) => [name, adjusted[at]!]));
}

function rankSum(pages: readonly Measured[], name: string): number {
  const sorted = pages.toSorted((one, other) => one.numbers[name]! - other.numbers[name]!);
  const total = sorted.length;
  let sum = 0;
  let ties = 0;
  for (let from = 0; from < total; ) {
    let to = from;
    while (to < total && sorted[to]!.numbers[name] === sorted[from]!.numbers[name]) to++;
    const rank = (from + 1 + to) / 2;
    sum += rank * sorted.slice(from, to).filter(({ origin }) => origin === "machine").length;
    ties += (to - from) ** 3 - (to - from);
    from = to;
  }
  const machine = pages.filter(({ origin }) => origin === "machine").length;
  const human = total - machine;
  const variance = ((machine * human) / 12) * (total + 1 - ties / (total * (total - 1)));
  if (variance <= 0) return 1;
  return Math.min(1, 2 * normalSurvival(Math.abs(sum - (machine * (total + 1)) / 2) / Math.sqrt(variance)));
}
