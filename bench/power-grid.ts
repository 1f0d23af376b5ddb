/**
 * Power by formula compared with simulation over the twelve sets of assumptions of `tinylove power`, for the named design: 179
 * readers who judge 6 of 72 stories each, margin 0.10. 10,000 studies per set (or the number given; with 1,000 a
 * gap can reach .04 by chance alone). Exits with 1 if the power to show all three
 * claims, or equivalence overall, or the smallest effect, is off by more than .03.
 *
 *     npm run bench -- power-grid [studies]
 */
import { powerGrid } from "../src/analyse/power-findings.ts";
import { defaultPlan } from "../src/analyse/power-plan.ts";
import { simulatedPower, smallestEffect, verdictPower } from "../src/stats/power.ts";
import { randomFrom } from "../src/stats/random.ts";

const studies = Number(process.argv[2] ?? 10_000);
const options = { margin: 0.1, alpha: 0.05, weighting: "readers" as const };
let worst = 0;
for (const { name, plan } of powerGrid(defaultPlan({ stories: 72, each: 6 }))) {
  const named = { ...plan, readers: 179 };
  const formula = verdictPower(named, options);
  const simulated = simulatedPower(named, options, { studies }, randomFrom("power grid", name));
  const effect = smallestEffect(named, options)!;
  const leaning = (plan.humanAccuracy! - plan.machineAccuracy!) / 2;
  const moved = { ...named, humanAccuracy: 0.5 + effect + leaning, machineAccuracy: 0.5 + effect - leaning };
  const seen = simulatedPower(moved, options, { studies }, randomFrom("power grid effect", name)).overall
    .different;
  const gaps = [
    formula.together - simulated.together.equivalent,
    formula.overall.equivalent - simulated.overall.equivalent,
    0.8 - seen,
  ];
  worst = Math.max(worst, ...gaps.map(Math.abs));
  const two = (one: number, other: number) => `${one.toFixed(3)} / ${other.toFixed(3)}`;
  console.log(
    `${name}: all three ${two(formula.together, simulated.together.equivalent)}, overall ${two(formula.overall.equivalent, simulated.overall.equivalent)}, effect ${effect.toFixed(3)} seen in ${seen.toFixed(3)}`,
  );
}
console.log(`largest gap ${worst.toFixed(3)}`);
if (worst > 0.03) {
  console.error("formula and simulation differ by more than .03");
  process.exitCode = 1;
}
