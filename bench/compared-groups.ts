/**
 * Groups of readers and conditions compared: the power to show a difference of d' by formula and by simulation, and false
 * differences where there is none. 2,000 studies per setting (or the number given), seeded by setting. Exits with 1 if a power is
 * off by more than .03, or more than .06 of null studies show a difference.
 *
 *     npm run bench -- compared-groups [studies] [setting ...]
 */
import {
  type ComparisonPlan,
  comparisonPower,
  readersForComparison,
  simulatedComparison,
} from "../src/stats/compared-groups.ts";
import { randomFrom } from "../src/stats/random.ts";
import { defaultSpread } from "../src/stats/simulate-study.ts";

const studies = Number(process.argv[2] ?? 2000);
const chosen = process.argv.slice(3);

type Setting = Omit<ComparisonPlan, "readers"> & { readonly readers?: number };

const two: Setting = {
  ...{ stories: 60, each: 10, groups: 2, by: "groups", apart: 0.8, variances: defaultSpread },
  ...{ humanAccuracy: 0.5, machineAccuracy: 0.5 },
};
const told: Setting = { ...two, groups: 3, by: "readers", each: 6, apart: 0.6 };

/** Where readers are not given, as many as the formula needs for a power of 80 %. */
const settings: Readonly<Record<string, Setting>> = {
  "two groups of opposite skill": { ...two, humanAccuracy: 0.4, machineAccuracy: 0.4, apart: 1.0134 },
  "two groups of readers": two,
  "28 experts among 544 readers": { ...two, readers: 544, share: 28 / 544 },
  "four groups": { ...two, groups: 4, apart: 1 },
  "readers differ a lot": { ...two, variances: { bias: 1, skill: 1, story: 0.55 } },
  "stories differ a lot": { ...two, variances: { ...defaultSpread, story: 1.2 } },
  "skilled readers": { ...two, humanAccuracy: 0.8, machineAccuracy: 0.7 },
  "shared titles": { ...two, titles: 30, variances: { ...defaultSpread, title: 0.3 } },
  "40 readers": { ...two, readers: 40, apart: 1 },
  "3 (told) x 2 (true), 120 readers": { ...told, readers: 120, apart: 1 },
  "3 (told) x 2 (true)": told,
  "3 x 2 within readers": { ...told, by: "stories" },
};

let failed = false;
for (const [name, setting] of Object.entries(settings)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const readers = setting.readers ?? readersForComparison(setting);
  if (readers === undefined) throw new Error(`${name}: no number of readers is enough`);
  const plan = { ...setting, readers };
  const formula = comparisonPower(plan);
  const shown = simulatedComparison(plan, { studies }, randomFrom("compared groups", name)).last;
  const none = simulatedComparison(
    { ...plan, apart: 0 },
    { studies },
    randomFrom("compared groups, none", name),
  );
  const wrong = Math.abs(formula - shown) > 0.03 || none.any > 0.06;
  failed ||= wrong;
  console.log(
    `${name}: ${readers} readers, power ${formula.toFixed(3)} by formula, ${shown.toFixed(3)} simulated; without a difference ${none.any.toFixed(3)}${wrong ? " FAILED" : ""}`,
  );
}
process.exitCode = failed ? 1 : 0;
