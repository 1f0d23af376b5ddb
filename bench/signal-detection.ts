/**
 * Coverage of the 95 % intervals of d' and of the area under the ROC curve, in 1,000 studies (or the number given) of 60
 * readers x 20 of 40 stories whose readers differ in bias by 1.0 and by 1.7 logits, with logistic and with normal noise: the mean reader's d' by the mixed
 * probit, the pooled d' as an estimate of it, the mean reader's area and the pooled area (each of its own truth). Confidence has three steps. Truths are means over 200,000
 * readers. Exits with 1 if a coverage that is promised is below .93.
 *
 *     npm run bench -- signal-detection [studies] [start of a setting, such as "normal 1.7"]
 */
import type { Choice } from "../src/analyse/data.ts";
import { meanReader } from "../src/analyse/mean-reader.ts";
import { clusteredDetection } from "../src/stats/clustered-detection.ts";
import { logisticNormalMean } from "../src/stats/logistic-normal.ts";
import { normalCdf, normalQuantile } from "../src/stats/normal.ts";
import { type Random, randomFrom } from "../src/stats/random.ts";
import { clusteredArea } from "../src/stats/roc.ts";

const studies = Number(process.argv[2] ?? 1000);
const plan = { readers: 60, stories: 40, each: 20, skill: 0.5, story: 0.55, lead: 1.6 };
/** Evidence (logits) beyond which a reader is surer. */
const steps = [0.8, 1.8];
/** The standard deviation of normal noise that is most like logistic noise. */
const normalNoise = 1.7;
let missed = false;

const settings = [
  { bias: 1.0, noise: "logistic" },
  { bias: 1.7, noise: "logistic" },
  { bias: 1.0, noise: "normal" },
  { bias: 1.7, noise: "normal" },
] as const;
type Setting = (typeof settings)[number];

for (const setting of settings.filter(({ bias, noise }) =>
  `${noise} ${bias}`.startsWith(process.argv[3] ?? ""),
)) {
  const truth = truthOf(setting);
  const counts = { fitted: 0, mixed: 0, pooled: 0, area: 0, pooledArea: 0 };
  let [sum, pooledSum] = [0, 0];
  for (let study = 0; study < studies; study++) {
    const choices = studyOf(setting, randomFrom("signal", setting.noise, setting.bias, study));
    const within = (one: { low: number | undefined; high: number | undefined } | undefined, value: number) =>
      Number(one?.low !== undefined && one.low <= value && value <= one.high!);
    const mixed = meanReader(choices, { level: 0.95, models: "always" });
    if (mixed.fitted) {
      counts.fitted++;
      sum += mixed.sensitivity.value;
      counts.mixed += within(mixed.sensitivity, truth.sensitivity);
    }
    const judgments = {
      readers: choices.map(({ participant }) => participant),
      stories: choices.map(({ stimulus }) => stimulus),
      origins: choices.map(({ origin }) => origin),
      correct: choices.map(({ right }) => right),
      ratings: choices.map(({ answer, confidence }) => (answer === "human" ? 1 : -1) * confidence!),
    };
    const pooled = clusteredDetection(judgments)!.sensitivity;
    pooledSum += pooled.value;
    counts.pooled += within(pooled.interval, truth.sensitivity);
    counts.area += within(clusteredArea(judgments)!.interval, truth.area);
    counts.pooledArea += within(clusteredArea(judgments, { pooled: true })!.interval, truth.pooledArea);
  }
  const share = (count: number) => (count / studies).toFixed(3);
  console.log(
    `${setting.noise} evidence, bias ${setting.bias}: mean reader's d' ${truth.sensitivity.toFixed(3)}; mixed, mean ${(sum / counts.fitted).toFixed(3)}, covers ${share(counts.mixed)}; ` +
      `pooled, mean ${(pooledSum / studies).toFixed(3)}, covers ${share(counts.pooled)}; area ${truth.area.toFixed(3)} covers ${share(counts.area)}; pooled area ${truth.pooledArea.toFixed(3)} covers ${share(counts.pooledArea)}; fitted ${share(counts.fitted)}`,
  );
  missed ||= [counts.mixed, counts.area, counts.pooledArea].some((count) => count / studies < 0.93);
}
if (missed) {
  console.error("a coverage is below .93");
  process.exitCode = 1;
}

/** Means over readers of z(hits) - z(false alarms) and of the area, and the area of all readers' ratings together. */
function truthOf({ bias, noise }: Setting) {
  const random = randomFrom("truth", bias);
  const draws = 200_000;
  const all = [0, 1].map(() => new Float64Array(2 * steps.length + 2));
  let [sensitivity, area] = [0, 0];
  for (let reader = 0; reader < draws; reader++) {
    const own = bias * random.normal();
    const skill = plan.lead + plan.skill * random.normal();
    const shares = [-0.5, 0.5].map((side) => sharesOf(own + side * skill, noise));
    const said = shares.map((row) => row.slice(row.length / 2).reduce((sum, one) => sum + one, 0));
    sensitivity += (normalQuantile(said[1]!) - normalQuantile(said[0]!)) / draws;
    area += areaOf(shares) / draws;
    for (const [kind, row] of shares.entries())
      for (const [step, one] of row.entries()) all[kind]![step]! += one;
  }
  return { sensitivity, area, pooledArea: areaOf(all.map((row) => [...row.map((one) => one / draws)])) };
}

/** The share of each rating, from surely machine to surely human. */
function sharesOf(logit: number, noise: Setting["noise"]): number[] {
  const edges = [...steps.map((step) => -step).reverse(), 0, ...steps];
  const above = [1, ...edges.map((edge) => aboveAt(logit - edge, noise)), 0];
  return above.slice(1).map((one, at) => above[at]! - one);
}

/** The share of a reader's answers, over all stories, whose evidence is above 0. */
function aboveAt(logit: number, noise: Setting["noise"]): number {
  return noise === "logistic"
    ? logisticNormalMean(logit, plan.story)
    : normalCdf(logit / Math.hypot(normalNoise, plan.story));
}

function areaOf([machine, human]: readonly (readonly number[])[]): number {
  let below = 0;
  return human!.reduce((sum, one, step) => {
    const share = one * (below + machine![step]! / 2);
    below += machine![step]!;
    return sum + share;
  }, 0);
}

function studyOf({ bias, noise }: Setting, random: Random): Choice[] {
  const looks = Array.from({ length: plan.stories }, () => plan.story * random.normal());
  return Array.from({ length: plan.readers }, (_, reader) => {
    const own = bias * random.normal();
    const skill = plan.lead + plan.skill * random.normal();
    const half = plan.stories / 2;
    const hand = [0, half].flatMap((first) =>
      random.shuffle(Array.from({ length: half }, (_, at) => first + at)).slice(0, plan.each / 2),
    );
    return hand.map((story): Choice => {
      const origin = story < half ? ("human" as const) : ("machine" as const);
      const uniform = random.next();
      const chance =
        noise === "logistic" ? Math.log(uniform / (1 - uniform)) : normalNoise * normalQuantile(uniform);
      const evidence = own + (story < half ? 0.5 : -0.5) * skill + looks[story]! + chance;
      const answer = evidence > 0 ? ("human" as const) : ("machine" as const);
      return {
        ...{
          participant: `r${reader}`,
          form: "",
          stimulus: `s${story}`,
          origin,
          model: "",
          example: "",
          title: "",
        },
        ...{ answer, right: answer === origin, reason: "" },
        confidence: 1 + steps.filter((step) => Math.abs(evidence) > step).length,
      };
    });
  }).flat();
}
