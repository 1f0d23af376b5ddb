import { expect, test } from "vitest";
import { bradleyTerry, type Comparison } from "../../src/stats/bradley-terry.ts";
import reference from "../fixtures/stats/baseball.json" with { type: "json" };

const teams = ["Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore"];
const wins = [
  [0, 7, 9, 7, 7, 9, 11],
  [6, 0, 7, 5, 11, 9, 9],
  [4, 6, 0, 7, 7, 8, 12],
  [6, 8, 6, 0, 6, 7, 10],
  [6, 2, 6, 7, 0, 7, 12],
  [4, 4, 5, 6, 6, 0, 6],
  [2, 4, 1, 3, 1, 7, 0],
];
const season: Comparison[] = wins.flatMap((row, winner) =>
  row
    .map((count, loser) => ({ winner: teams[winner]!, loser: teams[loser]!, count }))
    .filter(({ winner, loser }) => winner !== loser),
);

function rank(comparisons: readonly Comparison[], against?: string) {
  const result = bradleyTerry(comparisons, against);
  if (!result.fitted) throw new Error(result.reason);
  return result;
}

test("American League baseball 1987 has Agresti's strengths", () => {
  const { strengths, order, converged } = rank(season, "Baltimore");
  const published = [1.5814, 1.4364, 1.2945, 1.2476, 1.1077, 0.6839, 0];
  for (const [at, team] of teams.entries()) expect(strengths.get(team)!.value).toBeCloseTo(published[at]!, 4);
  expect(order).toBeUndefined();
  expect(converged).toBe(true);
  for (const [at, team] of reference.plain.names.entries()) {
    expect(strengths.get(team)!.standardError).toBeCloseTo(reference.plain.errors[at]!, 6);
  }
});

test("the home advantage is .302, as in Agresti and BradleyTerry2", () => {
  const games = reference.home.flatMap((home, at): Comparison[] => [
    { winner: home, loser: reference.away[at]!, count: reference.homeWins[at]!, first: "winner" },
    { winner: reference.away[at]!, loser: home, count: reference.awayWins[at]!, first: "loser" },
  ]);
  const { strengths, order } = rank(games, "Baltimore");
  expect(order!.value).toBeCloseTo(0.302, 3);
  for (const [at, name] of reference.order.names.entries()) {
    const figure = strengths.get(name) ?? order!;
    expect(figure.value).toBeCloseTo(reference.order.values[at]!, 6);
    expect(figure.standardError).toBeCloseTo(reference.order.errors[at]!, 6);
  }
});

test("strengths depend on the reference only by a constant", () => {
  const one = rank(season, "Baltimore").strengths;
  const other = rank(season, "Boston").strengths;
  expect(other.get("Boston")!.value).toBe(0);
  expect(other.get("Detroit")!.value).toBeCloseTo(one.get("Detroit")!.value - one.get("Boston")!.value, 8);
});

test("a constant winner, items never compared, and no data give a reason", () => {
  const endless =
    "some always beat the others or were never compared with them, so the strengths are not finite";
  expect(bradleyTerry([{ winner: "a", loser: "b" }])).toEqual({ fitted: false, reason: endless });
  const apart = [
    ["a", "b"],
    ["b", "a"],
    ["c", "d"],
    ["d", "c"],
  ].map(([winner, loser]) => ({ winner: winner!, loser: loser! }));
  expect(bradleyTerry(apart)).toEqual({ fitted: false, reason: endless });
  expect(bradleyTerry([])).toEqual({ fitted: false, reason: "nothing was compared" });
});

test("impossible comparisons are refused with the value", () => {
  expect(() => bradleyTerry(season, "Chicago")).toThrow(
    new RangeError("the reference is not among the names compared: Chicago"),
  );
  expect(() => bradleyTerry([...season, { winner: "Boston", loser: "Boston" }])).toThrow(
    new RangeError("compared with itself: Boston"),
  );
});
