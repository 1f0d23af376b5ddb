/**
 * Speed of resampling and of the verdict. Limits: 10,000 draws of 600 judgments in 2 s, and the verdict on 100,000 judgments
 * in 2 s. Exits with 1 above a limit. The mixed model's time is in `stats-lme4.ts`.
 *
 *     npm run bench -- stats-speed
 */
import { crossedBootstrap } from "../src/stats/bootstrap.ts";
import { asNumbers } from "../src/stats/judgments.ts";
import { randomFrom } from "../src/stats/random.ts";
import { defaultSpread, simulateStudy } from "../src/stats/simulate-study.ts";
import { verdictTest } from "../src/stats/verdict-test.ts";

const random = randomFrom("speed");
const small = simulateStudy({ readers: 60, stories: 40, each: 10, variances: defaultSpread }, random);
const large = simulateStudy({ readers: 5000, stories: 300, each: 20, variances: defaultSpread }, random);
const { readers, stories, origins: groups } = small;

const seconds = {
  "10,000 crossed bootstrap draws of 600 judgments": timed(() =>
    crossedBootstrap(
      { values: asNumbers(small.correct), readers, stories, groups },
      (sums, sizes) => sums[0]! / sizes[0]! + sums[1]! / sizes[1]!,
      {},
      random,
    ),
  ),
  "the verdict on 100,000 judgments": timed(() => verdictTest(large, { margin: 0.1 })),
};
console.table(seconds);
if (Object.values(seconds).some((time) => time > 2)) process.exitCode = 1;

function timed(work: () => unknown): number {
  const started = performance.now();
  work();
  return Number(((performance.now() - started) / 1000).toFixed(3));
}
