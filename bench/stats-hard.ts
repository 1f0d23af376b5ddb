/**
 * Error rates of the verdict under violated assumptions, 2,000 studies per setting (or the number given): a few experts
 * among readers who guess, very different stories, unequal numbers of judgments, few readers, and pairs with a side
 * preference. For each the share of false "different" at chance and of false "equivalent" at the margin, over all stories
 * and for all three claims.
 *
 *     npm run bench -- stats-hard [studies]
 */
import type { Judgments } from "../src/stats/judgments.ts";
import { logistic, logisticNormalLogit } from "../src/stats/logistic-normal.ts";
import { type Random, randomFrom } from "../src/stats/random.ts";
import { defaultSpread, type StudySpread, simulateStudy } from "../src/stats/simulate-study.ts";
import { proportionVerdict, verdictTest } from "../src/stats/verdict-test.ts";

const studies = Number(process.argv[2] ?? 2000);
const margin = 0.1;
const alpha = 0.05;

/** p-values of one study: of "different" overall and of human stories alone, of "equivalent" overall and of all claims. */
interface Claims {
  readonly different: number;
  readonly human: number;
  readonly equivalent: number;
  readonly together: number;
}

/** Simulates and tests a study with this expected accuracy. */
type Setting = (truth: number, random: Random) => Claims;

const settings: Readonly<Record<string, Setting>> = {
  "60 readers x 20 of 40, a tenth or fifth experts": experts({ readers: 60, stories: 40, each: 20 }),
  "the same, with biases and stories": experts({ readers: 60, stories: 40, each: 20, spread: 0.5 }),
  "30 readers x 40 of 40, experts": experts({ readers: 30, stories: 40, each: 40 }),
  "15 readers x 40 of 40, experts": experts({ readers: 15, stories: 40, each: 40 }),
  "60 x 20 of 40, stories apart by 1.5": drawn(60, 40, 20, { ...defaultSpread, story: 1.5 }),
  "60 x 20 of 40, stories apart by 3": drawn(60, 40, 20, { ...defaultSpread, story: 3 }),
  "100 x 8 of 8, stories apart by 3": drawn(100, 8, 8, { ...defaultSpread, story: 3 }),
  "100 x 4 of 4, stories apart by 3": drawn(100, 4, 4, { ...defaultSpread, story: 3 }),
  "15 x 6 of 30, wide variances": drawn(15, 30, 6, { bias: 1.2, skill: 1, story: 1 }),
  "5 x 100 of 100, wide readers": drawn(5, 100, 100, { bias: 0.8, skill: 1, story: 0.3 }),
  "60 readers of 2 to 40 judgments each": experts({
    readers: 60,
    stories: 40,
    each: "unequal",
    spread: 0.7,
    share: 0,
  }),
  "pairs, 60 x 20 of 40, sides even, no bias": pairs(60, 40, 20, { left: 0.5, side: 0 }),
  "pairs, human left in three of four, bias 0.8": pairs(60, 40, 20, { left: 0.75, side: 0.8 }),
  "pairs, 15 x 20 of 40, human left in three of four, bias 0.8": pairs(15, 40, 20, { left: 0.75, side: 0.8 }),
};

const table: Record<string, Record<string, number>> = {};
for (const [name, setting] of Object.entries(settings)) {
  const hits = { different: 0, human: 0, equivalent: 0, together: 0 };
  for (let study = 0; study < studies; study++) {
    const atChance = setting(0.5, randomFrom(name, study, "chance"));
    hits.different += Number(atChance.different <= alpha);
    hits.human += Number(atChance.human <= alpha);
    const truth = study % 2 === 0 ? 0.5 + margin : 0.5 - margin;
    const atMargin = setting(truth, randomFrom(name, study, "margin"));
    hits.equivalent += Number(atMargin.equivalent <= alpha);
    hits.together += Number(atMargin.together <= alpha);
  }
  table[name] = Object.fromEntries(
    Object.entries(hits).map(([claim, count]) => [claim, Number((count / studies).toFixed(4))]),
  );
}
console.log(`False claims, ${studies} studies each`);
console.table(table);

function judged(study: Judgments): Claims {
  const { overall, human, machine } = verdictTest(study, { margin, alpha });
  return {
    different: overall.differenceP,
    human: human.differenceP,
    equivalent: overall.equivalenceP,
    together: Math.max(overall.equivalenceP, human.equivalenceP, machine.equivalenceP),
  };
}

function drawn(readers: number, stories: number, each: number, variances: StudySpread): Setting {
  return (truth, random) =>
    judged(
      simulateStudy(
        { readers, stories, each, variances, humanAccuracy: truth, machineAccuracy: truth },
        random,
      ),
    );
}

/**
 * Of the readers a tenth are always right at chance, a fifth at the margin, the others equal, so that the mean over all such
 * readers is the truth; below chance they are always wrong. `spread` is the SD of readers' biases and of stories' effects.
 */
function experts(plan: {
  readers: number;
  stories: number;
  each: number | "unequal";
  spread?: number;
  share?: number;
}): Setting {
  const { readers, stories, each, spread = 0 } = plan;
  return (truth, random) => {
    const share = plan.share ?? (truth === 0.5 ? 0.1 : 0.2);
    const expert = truth < 0.5 ? 0 : 1;
    const others = (truth - share * expert) / (1 - share);
    const level = logisticNormalLogit(others, Math.hypot(spread, spread));
    const looks = Array.from({ length: stories }, () => spread * random.normal());
    const study = {
      readers: [] as number[],
      stories: [] as number[],
      origins: [] as ("human" | "machine")[],
      correct: [] as boolean[],
    };
    for (let reader = 0; reader < readers; reader++) {
      const isExpert = random.next() < share;
      const bias = spread * random.normal();
      const hand = each === "unequal" ? 2 * Math.max(1, Math.ceil(20 * random.next() ** 3)) : each;
      for (const human of [true, false]) {
        const all = Array.from({ length: stories / 2 }, (_, at) => at + (human ? 0 : stories / 2));
        for (const story of random.shuffle(all).slice(0, hand / 2)) {
          const leaning = (human ? 1 : -1) * (bias + looks[story]!);
          study.readers.push(reader);
          study.stories.push(story);
          study.origins.push(human ? "human" : "machine");
          study.correct.push(isExpert ? expert === 1 : random.next() < logistic(level + leaning));
        }
      }
    }
    return judged(study);
  };
}

/** Readers who prefer the left by `side` on the logit; the human story is on the left in a share `left` of the pairs. */
function pairs(
  readers: number,
  count: number,
  each: number,
  { left, side }: { readonly left: number; readonly side: number },
): Setting {
  // The skill with which the mean of the shares at both sides is the truth, with an SD of 0.5 for biases and for pairs.
  const skillOf = (truth: number): number => {
    let [low, high] = [-3, 3];
    for (let step = 0; step < 50; step++) {
      const middle = (low + high) / 2;
      if (meanShare(middle) < truth) low = middle;
      else high = middle;
    }
    return low;
  };
  const meanShare = (skill: number): number => {
    // Averages over the normal distribution of biases and pairs together, at 401 evenly spaced quantiles.
    let sum = 0;
    let weight = 0;
    for (let at = -200; at <= 200; at++) {
      const z = at / 40;
      const density = Math.exp((-z * z) / 2);
      const noise = z * Math.hypot(0.5, 0.5);
      sum += (density * (logistic(skill + side + noise) + logistic(skill - side + noise))) / 2;
      weight += density;
    }
    return sum / weight;
  };
  const skills = new Map([0.5, 0.5 - margin, 0.5 + margin].map((truth) => [truth, skillOf(truth)]));
  return (truth, random) => {
    const skill = skills.get(truth)!;
    const ease = Array.from({ length: count }, () => 0.5 * random.normal());
    const study = {
      correct: [] as boolean[],
      readers: [] as number[],
      stories: [] as number[],
      sides: [] as ("left" | "right")[],
    };
    for (let reader = 0; reader < readers; reader++) {
      const own = 0.5 * random.normal();
      for (const pair of random.shuffle([...Array(count).keys()]).slice(0, each)) {
        const stoodLeft = random.next() < left;
        const pull = stoodLeft ? side + own : -side - own;
        study.correct.push(random.next() < logistic(skill + ease[pair]! + pull));
        study.readers.push(reader);
        study.stories.push(pair);
        study.sides.push(stoodLeft ? "left" : "right");
      }
    }
    const { sides, ...raw } = study;
    const balanced = proportionVerdict({ ...raw, sides }, { margin, alpha });
    return {
      different: balanced.differenceP,
      human: 1,
      equivalent: balanced.equivalenceP,
      together: balanced.equivalenceP,
    };
  };
}
