/**
 * Type I error of all p-values that the analyses print: how often p is at most .05 in studies under the null hypothesis,
 * with realistic and with larger variances of readers, stories and titles. Seeds are the names below and the number of the
 * study, so any part gives the same figures alone. The verdict's own
 * p-values are in `stats-calibration`, `stats-hard` and `verdict-clusters`, those of influence and dose response in
 * `influence-calibration`. Exits with 1 if the 95 % interval of a share is above .065.
 *
 *     npm run bench -- p-values [studies] [part of a name ...]
 */
import { appendFileSync } from "node:fs";
import { sidesOf } from "../src/analyse/analyses/pairs.ts";
import { testCues } from "../src/analyse/cue-test.ts";
import type { Choice, Data, Pair, Rating } from "../src/analyse/data.ts";
import { detect, detectInPairs } from "../src/analyse/detector.ts";
import { effectsOf } from "../src/analyse/fixed-effects.ts";
import { alphaLevelsOf } from "../src/analyse/interim-analysis.ts";
import { asJudgments, pairsAsJudgments, verdictOnChoices, verdictOnPairs } from "../src/analyse/judged.ts";
import { judgedStories } from "../src/analyse/judged-stories.ts";
import { fitMixed } from "../src/analyse/mixed.ts";
import { modelVerdicts } from "../src/analyse/model-verdicts.ts";
import { ratedOf, withHolm } from "../src/analyse/rated.ts";
import { readerHeterogeneity } from "../src/stats/heterogeneity.ts";
import { wilson } from "../src/stats/intervals.ts";
import { logistic, logisticNormalLogit } from "../src/stats/logistic-normal.ts";
import { normalCdf } from "../src/stats/normal.ts";
import { type Random, randomFrom } from "../src/stats/random.ts";
import { weightingGap } from "../src/stats/weighting-gap.ts";
import { AnalyseSettings } from "../src/study/settings/analyse.ts";

const studies = Number(process.argv[2] ?? 1000);
const wanted = process.argv.slice(3);
const limit = 0.065;
/** A file for results as they come, for long runs. */
const kept = process.env["P_VALUES_LOG"];

/** The design of a study, and the standard deviations (logits) of readers, stories and titles. */
interface Plan {
  readonly readers: number;
  readonly titles: number;
  /** Machine stories per title, besides the human one. */
  readonly machines: number;
  readonly each: number;
  readonly bias: number;
  readonly skill: number;
  readonly story: number;
  /** Titles that make both stories look human, and titles that make both easier or harder. */
  readonly look: number;
  readonly tell: number;
  /** The mean log-odds by which human stories are called human more often than machine stories. */
  readonly lead: number;
  /** Whether human and machine stories share titles at all. */
  readonly shared: boolean;
}

const usual: Plan = {
  ...{ readers: 60, titles: 20, machines: 1, each: 20, lead: 0 },
  ...{ bias: 0.5, skill: 0.3, story: 0.55, look: 0, tell: 0, shared: false },
};
const titled: Plan = { ...usual, shared: true, tell: 0.55 };
const skilled: Plan = { ...usual, readers: 15, titles: 10, each: 20, skill: 1.5 };

interface Story {
  readonly stimulus: string;
  readonly origin: "human" | "machine";
  readonly model: string;
  readonly title: string;
  readonly logit: number;
  /** The effect of its title on the logit of a right answer. */
  readonly measures: Readonly<Record<string, number>>;
}

/** The stories of a study, with measures without any effect; the first one differs between origins. */
function storiesOf(plan: Plan, random: Random): Story[] {
  return Array.from({ length: plan.titles }, (_, title) => {
    const [look, tell] = [plan.look * random.normal(), plan.tell * random.normal()];
    const shared = Array.from({ length: 6 }, () => random.normal());
    return Array.from({ length: 1 + plan.machines }, (_, version): Story => {
      const human = version === 0;
      const side = human ? 0.5 : -0.5;
      const own = (at: number) => shared[at]! + random.normal();
      return {
        stimulus: `s${title}.${version}`,
        origin: human ? "human" : "machine",
        model: human ? "" : "model",
        title: plan.shared ? `t${title}` : `t${title}.${version}`,
        logit: (plan.lead + tell) * side + look + plan.story * random.normal(),
        measures: Object.fromEntries(
          shared.map((_, at) => [`measure ${at}`, own(at) + (at === 0 && human ? 2 : 0)]),
        ),
      };
    });
  }).flat();
}

/** `each` random stories for each reader, half human and half machine. */
function handOf(stories: readonly Story[], each: number, random: Random): Story[] {
  const of = (origin: string) => random.shuffle(stories.filter((story) => story.origin === origin));
  return random.shuffle([...of("human").slice(0, each / 2), ...of("machine").slice(0, each / 2)]);
}

interface Extras {
  /** Standard deviation between readers of the effect of order, with mean 0. */
  readonly order?: number;
  /** The same for confidence, between readers and between stories. */
  readonly confidence?: number;
}

function choicesOf(
  plan: Plan,
  random: Random,
  extras: Extras = {},
  stories = storiesOf(plan, random),
): Choice[] {
  const sureOf = new Map(stories.map(({ stimulus }) => [stimulus, random.normal()]));
  return Array.from({ length: plan.readers }, (_, reader) => {
    const [bias, skill] = [plan.bias * random.normal(), plan.skill * random.normal()];
    const [order, sure] = [(extras.order ?? 0) * random.normal(), random.normal()];
    return handOf(stories, plan.each, random).map((story, at): Choice => {
      const confidence = random.integer(1, 5);
      const surer = (confidence - 3) * (extras.confidence ?? 0) * (sure + sureOf.get(story.stimulus)!);
      const logit =
        story.logit +
        bias +
        (story.origin === "human" ? 0.5 : -0.5) * skill +
        order * (at / plan.each - 0.5) +
        surer;
      const answer = random.next() < logistic(logit) ? ("human" as const) : ("machine" as const);
      return {
        participant: `r${reader}`,
        form: `form-${reader % 2}`,
        order: at + 1,
        stimulus: story.stimulus,
        origin: story.origin,
        model: story.model,
        example: "",
        title: story.title,
        answer,
        right: answer === story.origin,
        confidence,
        reason: "",
      };
    });
  }).flat();
}

function dataOf(part: Partial<Data>, settings: Record<string, unknown> = {}): Data {
  return {
    settings: AnalyseSettings.parse({ draws: 999, ...settings }),
    choices: [],
    pairs: [],
    ratings: [],
    questionKinds: new Set(),
    forms: [],
    measures: new Map(),
    checks: [],
    leftOut: {},
    simulated: true,
    ...part,
  };
}

/** The p-value of each effect of the mixed model. */
function mixedPs(choices: readonly Choice[], effects: string[], measures: Data["measures"] = new Map()) {
  const mixed = fitMixed(choices, effectsOf(effects, dataOf({ choices, measures })), {
    level: 0.95,
    models: "always",
  });
  return mixed.fitted ? Object.fromEntries(mixed.tests.map(({ effect, p }) => [effect, p])) : {};
}

/** Order and confidence without effect on average, but with different effects for each reader; forms and a measure without any. */
function effectPs(plan: Plan, random: Random): Ps {
  const stories = storiesOf(plan, random);
  const choices = choicesOf(plan, random, { order: 1, confidence: 0.25 }, stories);
  const measures = new Map(
    stories.map((story) => [story.stimulus, { measure: story.measures["measure 1"]! }]),
  );
  return mixedPs(choices, ["origin", "order", "confidence", "form", "measure"], measures);
}

const [middle, unit, noise] = [3.2, 0.8, 0.9];

function ratingsOf(plan: Plan, human: number, machine: number, random: Random): Rating[] {
  const story = (origin: "human" | "machine", at: number, look: number) => ({
    origin,
    stimulus: `${origin} ${at}`,
    title: plan.shared ? `t${at}` : "",
    look: look + plan.story * random.normal(),
  });
  const both = Array.from({ length: Math.max(human, machine) }, () => [
    plan.look * random.normal(),
    plan.tell * random.normal(),
  ]);
  const stories = [
    ...Array.from({ length: human }, (_, at) => story("human", at, both[at]![0]! + both[at]![1]! / 2)),
    ...Array.from({ length: machine }, (_, at) => story("machine", at, both[at]![0]! - both[at]![1]! / 2)),
  ];
  return Array.from({ length: plan.readers }, (_, reader) => {
    const [lean, taste] = [plan.bias * random.normal(), plan.skill * random.normal()];
    const of = (origin: string) =>
      random.shuffle(stories.filter((one) => one.origin === origin)).slice(0, Math.ceil(plan.each / 2));
    return [...of("human"), ...of("machine")].map(({ origin, stimulus, title, look }): Rating => {
      const side = origin === "human" ? 0.5 : -0.5;
      const value = middle + unit * (lean + look + (taste + plan.lead) * side) + noise * random.normal();
      return {
        ...{ participant: `r${reader}`, form: "", task: "quality", model: "", example: "" },
        ...{ origin, stimulus, title },
        rating: Math.max(1, Math.min(5, Math.round(value))),
      };
    });
  }).flat();
}

/** With a true difference, the p of equivalence at exactly that margin. */
function ratingPs(plan: Plan, human: number, machine: number, random: Random): Ps {
  const ratings = ratingsOf(plan, human, machine, random);
  const margin = meanRating(plan, 0.5) - meanRating(plan, -0.5);
  const data = dataOf({ ratings }, margin > 0 ? { ratingMargin: margin } : {});
  const [rated] = withHolm([ratedOf("quality", ratings, data)], data);
  if (margin > 0) return { "rating equivalence": rated!.difference?.equivalenceP };
  return {
    "rating difference": rated!.difference?.differenceP,
    ordinal: "p" in rated!.ordinal ? rated!.ordinal.p : undefined,
  };
}

/** The expected rating from 1 to 5 of stories on a side. */
function meanRating({ bias, skill, story, look, tell, lead }: Plan, side: number): number {
  const deviation = Math.hypot(unit * Math.hypot(bias, skill / 2, story, look, tell / 2), noise);
  const above = [1.5, 2.5, 3.5, 4.5].map((cut) => normalCdf((middle + unit * lead * side - cut) / deviation));
  return above.reduce((sum, share) => sum + share, 1);
}

/** Pairs (or choices of `options`) in which skill and side preference vary between readers and pairs around 0. */
function pairsOf(
  { readers, titles, each, skill, story, bias, lead }: Plan,
  random: Random,
  { options = 2, ties = 0, versions = 1 } = {},
): Pair[] {
  const looks = Array.from({ length: titles * versions }, () => story * random.normal());
  const human = Array.from({ length: titles }, () => story * random.normal());
  return Array.from({ length: readers }, (_, reader) => {
    const [able, lean] = [skill * random.normal(), bias * random.normal()];
    const all = random.shuffle(Array.from({ length: titles }, (_, at) => at)).slice(0, each);
    return all.map((title): Pair => {
      const version = random.integer(0, versions - 1);
      const place = random.integer(1, options);
      const logits = Array.from({ length: options }, (_, at) => {
        const its = at + 1 === place ? human[title]! + able + lead : looks[title * versions + version]!;
        return its + (at === 0 ? lean : 0);
      });
      const chosen = softmaxDraw(logits, random) + 1;
      const side = (at: number) => (options === 2 ? (at === 1 ? "left" : "right") : String(at));
      return {
        ...{ participant: `r${reader}`, form: "", stimulus: `h${title} m${title}.${version}`, options },
        humanSide: side(place),
        chosenSide: random.next() < ties ? "tie" : side(chosen),
        left: place === 1 ? "human" : "model",
        right: place === 1 ? "model" : "human",
        title: `t${title}`,
      };
    });
  }).flat();
}

function softmaxDraw(logits: readonly number[], random: Random): number {
  const weights = logits.map(Math.exp);
  let left = random.next() * weights.reduce((sum, one) => sum + one, 0);
  for (const [at, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return at;
  }
  return weights.length - 1;
}

function pairPs(plan: Plan, random: Random, how: Parameters<typeof pairsOf>[2] = {}): Ps {
  const pairs = pairsOf(plan, random, how);
  const data = dataOf({ pairs });
  if (plan.lead > 0) return { "pairs, equivalence": verdictOnPairs(pairs, data).equivalenceP };
  return {
    "pairs, difference": verdictOnPairs(pairs, data).differenceP,
    "pairs, preferred side": how.options === undefined ? sidesOf(pairs, data).p : undefined,
  };
}

/** The smallest p of the leak scan, for stories and pairs whose features are unrelated to origin. */
function leakPs(plan: Plan, random: Random) {
  const stories = storiesOf(plan, random);
  const names = Object.keys(stories[0]!.measures).slice(1);
  const rowOf = ({ measures }: Story) => names.map((name) => measures[name]!);
  const found = detect(
    {
      names,
      features: stories.map(rowOf),
      labels: stories.map(({ origin }) => Number(origin === "human")),
      titles: plan.shared ? stories.map(({ title }) => title) : undefined,
    },
    random.fork("stories"),
  );
  const humans = stories.filter(({ origin }) => origin === "human");
  const pairs = humans.flatMap((human, at) =>
    stories
      .filter((one) => one.origin === "machine" && one.stimulus.startsWith(`s${at}.`))
      .map((machine) => [human, machine] as const),
  );
  const told = detectInPairs(
    {
      names,
      features: pairs.map(([human, machine]) => rowOf(human).map((value, at) => value - rowOf(machine)[at]!)),
      titles: pairs.map(([human]) => human.stimulus),
    },
    random.fork("pairs"),
  );
  return { "leaks, stories": found?.p, "leaks, pairs": told?.p };
}

/** The smallest p of any cue, and of "was right" alone. */
function cuePs(plan: Plan, random: Random) {
  const stories = storiesOf(plan, random);
  const choices = choicesOf(plan, random, {}, stories);
  const measures = new Map(stories.map((story) => [story.stimulus, story.measures]));
  const cues = testCues(judgedStories(dataOf({ choices, measures })), 499, random.fork("cues"));
  return { "cues, any": Math.min(...cues.flatMap(({ saidHumanP, rightP }) => [saidHumanP, rightP])) };
}

/** 0 if any interim analysis, or the end, claims a difference under alpha spending, else 1. */
function looksPs(looks: readonly number[], random: Random) {
  const planned = 60;
  const choices = choicesOf({ ...usual, readers: planned }, random);
  const claims = [...looks, 1].some((look) => {
    const readers = Math.round(planned * look);
    const seen = choices.filter(({ participant }) => Number(participant.slice(1)) < readers);
    const data = dataOf({ choices: seen }, { stop: { readers: planned, looks } });
    return verdictOnChoices(seen, data).overall.differenceP <= alphaLevelsOf(data).alpha;
  });
  return { "alpha spending, any look": claims ? 0 : 1 };
}

/** The smallest p of any of four models, after Holm. */
function modelPs(plan: Plan, random: Random): Ps {
  const choices = choicesOf(plan, random).map((choice) =>
    choice.origin === "human" ? choice : { ...choice, model: `model ${choice.stimulus.split(".")[1]}` },
  );
  const models = modelVerdicts(dataOf({ choices }));
  return { "several models, any": Math.min(...models.map(({ differenceHolm }) => differenceHolm)) };
}

/** Readers of whom two fifths leave anywhere, whatever their skill. */
function gapPs(plan: Plan, random: Random): Ps {
  const stays = Array.from({ length: plan.readers }, () =>
    random.next() < 0.4 ? random.integer(2, plan.each) : plan.each,
  );
  const choices = choicesOf(plan, random).filter(
    ({ participant, order }) => order! <= stays[Number(participant.slice(1))]!,
  );
  return { "who leaves": weightingGap(asJudgments(choices, dataOf({ choices })))?.p };
}

type Ps = Readonly<Record<string, number | undefined>>;

const parts: Readonly<Record<string, (random: Random) => Ps>> = {
  "mixed origin: 60 readers x 20 of 40": (random) => mixedPs(choicesOf(usual, random), ["origin"]),
  "mixed origin: 15 readers x 20 of 20, skill 1.5": (random) =>
    mixedPs(choicesOf(skilled, random), ["origin"]),
  "mixed origin: 8 readers x 40 of 40, skill 1.5": (random) =>
    mixedPs(choicesOf({ ...usual, readers: 8, each: 40, skill: 1.5 }, random), ["origin"]),
  "mixed origin: 20 titles, tell .55": (random) => mixedPs(choicesOf(titled, random), ["origin"]),
  "mixed origin: 10 titles of 1 + 4, tell .55, look .55": (random) =>
    mixedPs(choicesOf({ ...titled, titles: 10, machines: 4, look: 0.55 }, random), ["origin"]),
  "mixed effects: 20 readers x 20 of 20": (random) => effectPs({ ...usual, readers: 20, titles: 10 }, random),
  "ratings: 60 readers x 20 of 40": (random) => ratingPs(usual, 20, 20, random),
  "ratings: 40 readers, 3 + 9 stories": (random) =>
    ratingPs({ ...usual, readers: 40, each: 12 }, 3, 9, random),
  "ratings: 40 readers, 5 + 25 stories": (random) =>
    ratingPs({ ...usual, readers: 40, each: 16 }, 5, 25, random),
  "ratings: 12 readers, 10 + 10 stories, tastes apart": (random) =>
    ratingPs({ ...usual, readers: 12, skill: 1 }, 10, 10, random),
  "ratings: 10 titles, tell .55": (random) => ratingPs({ ...titled, tell: 0.8 }, 10, 10, random),
  "cues: a measure that differs between origins, right in 70 %": (random) =>
    cuePs({ ...usual, lead: 1.8 }, random),
  "cues: 20 titles, look .55, right in 60 %": (random) =>
    cuePs({ ...titled, tell: 0.3, look: 0.55, lead: 0.85 }, random),
  "leaks: 40 stories": (random) => leakPs(usual, random),
  "leaks: 20 titles of 1 + 1": (random) => leakPs(titled, random),
  "leaks: 10 titles of 1 + 4": (random) => leakPs({ ...titled, titles: 10, machines: 4 }, random),
  "pairs: 60 readers x 20 of 40": (random) => pairPs({ ...usual, titles: 40 }, random),
  "pairs: 15 readers x 20 of 20, skill 1, a fifth ties": (random) =>
    pairPs({ ...usual, readers: 15, titles: 20, skill: 1 }, random, { ties: 0.2 }),
  "pairs: 10 titles with four machine stories each": (random) =>
    pairPs({ ...usual, titles: 10, each: 10 }, random, { versions: 4 }),
  // Guessing gives one in four on average only without variance of stories and readers.
  "choices of 4: 60 readers x 20 of 40": (random) =>
    pairPs({ ...usual, titles: 40, skill: 0, story: 0 }, random, { options: 4 }),
  "pairs at the margin: 60 readers x 20 of 40": (random) =>
    pairPs(
      { ...usual, titles: 40, lead: logisticNormalLogit(0.6, Math.hypot(0.3, 0.5, 0.55, 0.55)) },
      random,
    ),
  "ratings at the margin: 60 readers x 20 of 40": (random) =>
    ratingPs({ ...usual, lead: 0.6 }, 20, 20, random),
  "models: 20 titles of 1 + 4, tell .55, look .55": (random) =>
    modelPs({ ...titled, machines: 4, look: 0.55 }, random),
  "who leaves: 60 readers x 20 of 40, skill .8": (random) => gapPs({ ...usual, skill: 0.8 }, random),
  "readers differ, pairs: 60 readers x 20 of 40, equal skill": (random) => {
    const pairs = pairsOf({ ...usual, titles: 40, skill: 0 }, random);
    const judgments = pairsAsJudgments(pairs, dataOf({ pairs }));
    return { "readers differ": readerHeterogeneity(judgments, { draws: 999 }, random.fork("readers")).p };
  },
  "looks at .5": (random) => looksPs([0.5], random),
  "looks at .25, .5 and .75": (random) => looksPs([0.25, 0.5, 0.75], random),
};

const soFar = (hits: ReadonlyMap<string, { low: number; all: number }>): string =>
  [...hits].map(([test, { low, all }]) => `${test} ${low} of ${all}`).join(", ");

const missed: string[] = [];
const table: Record<string, object> = {};
for (const [name, psOf] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
  const hits = new Map<string, { low: number; all: number }>();
  const started = process.cpuUsage();
  for (let study = 0; study < studies; study++) {
    if (study > 0 && study % 100 === 0)
      process.stderr.write(`${name}: ${study} of ${studies} studies; ${soFar(hits)}\n`);
    for (const [test, p] of Object.entries(psOf(randomFrom("p-values", name, study)))) {
      const count = hits.get(test) ?? { low: 0, all: 0 };
      if (p === undefined) continue;
      hits.set(test, { low: count.low + Number(p <= 0.05), all: count.all + 1 });
    }
  }
  const { user } = process.cpuUsage(started);
  for (const [test, { low, all }] of hits) {
    const interval = wilson(low, all, 0.95);
    const row = {
      "p <= .05": Number((low / all).toFixed(4)),
      low: Number(interval.low.toFixed(4)),
      high: Number(interval.high.toFixed(4)),
      studies: all,
    };
    table[`${name}: ${test}`] = row;
    if (interval.low > limit) missed.push(`${name}: ${test}`);
    if (kept) appendFileSync(kept, `${JSON.stringify({ name, test, ...row, seconds: user / 1e6 })}\n`);
  }
}
console.table(table);
if (missed.length > 0) {
  console.error(`above ${limit}: ${missed.join("; ")}`);
  process.exitCode = 1;
}
