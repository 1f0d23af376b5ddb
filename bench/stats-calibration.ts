/**
 * Error rates of the verdict in 2,000 studies per setting (or the number given), with variances between readers and
 * between stories: false "different" if the truth is chance, and false "equivalent" if the truth is at the margin, compared
 * with tests that treat judgments as independent. Each setting is balanced, and unbalanced: stories judged up to twenty
 * times as often as others, readers who stop early. A last table compares power by formula and by simulation.
 *
 *     npm run bench -- stats-calibration [studies]
 */
import { binomialTest } from "../src/stats/binomial-test.ts";
import { clusteredMean } from "../src/stats/clustered.ts";
import { asNumbers, type Judgments } from "../src/stats/judgments.ts";
import { normalSurvival } from "../src/stats/normal.ts";
import { simulatedPower, verdictPower } from "../src/stats/power.ts";
import { type Random, randomFrom } from "../src/stats/random.ts";
import { defaultSpread, type StudyPlan, simulateStudy } from "../src/stats/simulate-study.ts";
import { tostExactP } from "../src/stats/tost.ts";
import { verdictTest } from "../src/stats/verdict-test.ts";

const studies = Number(process.argv[2] ?? 2000);
const margin = 0.1;
const alpha = 0.05;
const usual: StudyPlan = { readers: 60, stories: 40, each: 20, variances: defaultSpread };

const settings: Readonly<Record<string, StudyPlan>> = {
  "60 readers x 20 of 40 stories": usual,
  "the same, wide variances": { ...usual, variances: { bias: 0.8, skill: 0.6, story: 0.8 } },
  "the same, hardly any variance": { ...usual, variances: { bias: 0.1, skill: 0, story: 0.05 } },
  "300 readers x 10 of 20 stories": { ...usual, readers: 300, stories: 20, each: 10 },
  "30 readers x 40 of 80 stories, skills apart": {
    readers: 30,
    stories: 80,
    each: 40,
    variances: { bias: 0.5, skill: 1, story: 0.2 },
  },
  "13 readers x 6 of 6 stories": { readers: 13, stories: 6, each: 6, variances: defaultSpread },
};

for (const [name, plan] of Object.entries(settings)) {
  console.log(`\n${name} (${studies} studies each)`);
  console.table(errorsOf(name, plan, (study) => study));
  console.log(`${name}, uneven`);
  console.table(errorsOf(name, plan, thinned));
}
console.log("\nPower of 'equivalent' within 0.10 at chance: formula and simulation");
console.table(powers());

/** Counts false claims at chance, and at both ends of the margin. */
function errorsOf(name: string, plan: StudyPlan, thin: (study: Judgments, random: Random) => Judgments) {
  const different = new Map<string, number>();
  const equivalent = new Map<string, number>();
  for (let study = 0; study < studies; study++) {
    const random = randomFrom(name, study);
    const atChance = thin(simulateStudy(plan, random.fork("chance")), random.fork("thin"));
    for (const [test, p] of Object.entries(differenceTests(atChance))) count(different, test, p <= alpha);
    // Tests both bounds, each with half of the studies.
    const truth = study % 2 === 0 ? 0.5 + margin : 0.5 - margin;
    const planned = { ...plan, humanAccuracy: truth, machineAccuracy: truth };
    const atMargin = thin(simulateStudy(planned, random.fork("margin")), random.fork("thin"));
    for (const [test, p] of Object.entries(equivalenceTests(atMargin))) count(equivalent, test, p <= alpha);
  }
  return rows(different, equivalent);
}

/** Loses judgments, most of some stories and of some readers. */
function thinned(study: Judgments, random: Random): Judgments {
  const kept = new Map<string, number>();
  const chance = (key: string, draw: () => number) => {
    if (!kept.has(key)) kept.set(key, draw());
    return kept.get(key)!;
  };
  const rows = [...Array(study.correct.length).keys()].filter((at) => {
    const story = chance(`story ${study.stories[at]}`, () => 0.05 + 0.95 * random.next() ** 2);
    const reader = chance(`reader ${study.readers[at]}`, () => 0.2 + 0.8 * random.next());
    return random.next() < story * reader;
  });
  return {
    readers: rows.map((at) => study.readers[at]!),
    stories: rows.map((at) => study.stories[at]!),
    origins: rows.map((at) => study.origins[at]!),
    correct: rows.map((at) => study.correct[at]!),
  };
}

function differenceTests(judgments: Judgments) {
  const { overall, human, machine } = verdictTest(judgments, { margin, alpha });
  return {
    "pooled binomial": binomialTest(overall.correct, overall.judgments),
    "clustered by reader, z": oneWay(judgments, "readers").different,
    "clustered by story, z": oneWay(judgments, "stories").different,
    "verdict: overall": overall.differenceP,
    "verdict: human": human.differenceP,
    "verdict: machine": machine.differenceP,
  };
}

function equivalenceTests(judgments: Judgments) {
  const { overall, human, machine } = verdictTest(judgments, { margin, alpha });
  return {
    "pooled binomial": tostExactP(overall.correct, overall.judgments, { margin }),
    "clustered by reader, z": oneWay(judgments, "readers").equivalent,
    "clustered by story, z": oneWay(judgments, "stories").equivalent,
    "verdict: overall": overall.equivalenceP,
    "verdict: human": human.equivalenceP,
    "verdict: machine": machine.equivalenceP,
  };
}

function oneWay(judgments: Judgments, way: "readers" | "stories") {
  const { estimate, standardError } = clusteredMean(asNumbers(judgments.correct), [judgments[way]]);
  const off = Math.abs(estimate - 0.5);
  // With few judgments one origin may have none, or identical ones; then this test shows nothing.
  const p = (distance: number) => (standardError > 0 ? normalSurvival(distance / standardError) : 0.5);
  return { different: 2 * p(off), equivalent: p(margin - off) };
}

function powers() {
  const table: Record<string, unknown> = {};
  for (const [name, plan] of Object.entries(settings)) {
    const formula = verdictPower(plan, { margin, alpha });
    const drawn = simulatedPower(plan, { margin, alpha }, { studies }, randomFrom("power", name));
    table[name] = {
      "overall, formula": share(formula.overall.equivalent, 1),
      "overall, simulated": share(drawn.overall.equivalent, 1),
      "human, formula": share(formula.human.equivalent, 1),
      "human, simulated": share(drawn.human.equivalent, 1),
      "all three, simulated": share(drawn.together.equivalent, 1),
    };
  }
  return table;
}

function count(hits: Map<string, number>, test: string, hit: boolean): void {
  hits.set(test, (hits.get(test) ?? 0) + Number(hit));
}

function rows(different: ReadonlyMap<string, number>, equivalent: ReadonlyMap<string, number>) {
  return Object.fromEntries(
    [...different].map(([test, hits]) => [
      test,
      { "false different": share(hits, studies), "false equivalent": share(equivalent.get(test)!, studies) },
    ]),
  );
}

function share(hits: number, of: number): number {
  return Number((hits / of).toFixed(4));
}
