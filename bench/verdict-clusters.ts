/**
 * Error rates and power of the verdict with clusters by title, class or form, readers who leave, and several kinds of
 * readers. For each setting 2,000 studies (or the number given) at an accuracy of .50, which must not be called different,
 * and at .60 or .40, which must not be called equivalent within .10. Studies are seeded by setting and number. Compared are
 * the verdict with its clusters declared, the verdict clustered by reader and story only (0.1), the binomial test of pooled
 * judgments, and an oracle that knows the standard error. Limits: errors .065; power at most .05 below that of 0.1 without
 * cluster effects, and at least .8 of the oracle's with them.
 * "Student" is the power of a t test on the same estimates with an independent variance of G - 1 degrees of freedom, for
 * the clusters that are fewest, G: what a test reaches that estimates the variance from so few. It has no limit of its own.
 *
 *     npm run bench -- verdict-clusters [studies] [setting ...]
 *
 * Results are written to the file named by RESULTS, one JSON line per setting, and read from there, so that an interrupted
 * run continues.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { binomialTest } from "../src/stats/binomial-test.ts";
import type { Clusters, Judgments, Origin } from "../src/stats/judgments.ts";
import { logistic, logisticNormalLogit, logisticNormalMean } from "../src/stats/logistic-normal.ts";
import { type Random, randomFrom } from "../src/stats/random.ts";
import { studentQuantile } from "../src/stats/student-t.ts";
import { tostExactP } from "../src/stats/tost.ts";
import { verdictTest } from "../src/stats/verdict-test.ts";

const studies = Number(process.argv[2] ?? 2000);
const chosen = process.argv.slice(3);
const results = process.env["RESULTS"];
const margin = 0.1;
const alpha = 0.05;

/** A study to be drawn. Deviations are on the logit of a right answer, or of saying "human" (bias, look). */
interface Setting {
  readonly readers: number;
  readonly titles: number;
  /** Human and machine stories per title. Titles are not shared if `apart`. */
  readonly human: number;
  readonly machine: number;
  /** Stories that each reader judges of either origin. */
  readonly each: readonly [number, number];
  readonly bias?: number;
  readonly skill?: number;
  readonly story?: number;
  /** Standard deviations between titles, in how easy they are and in how human they look. */
  readonly tellability?: number;
  readonly look?: number;
  /** Stories have no titles in common. */
  readonly apart?: boolean;
  /** Number of classes of readers, and their standard deviation. */
  readonly classes?: readonly [count: number, deviation: number];
  /** Number of forms of titles and readers, and their standard deviation. */
  readonly forms?: readonly [count: number, deviation: number];
  /** Kinds of readers: their share, and how much better they are than the others, on the logit. */
  readonly kinds?: readonly [share: number, better: number];
  /** Readers who leave half-way: their share, and whether the better (1) or worse (-1) ones leave. */
  readonly leaving?: readonly [share: number, bySkill: number];
  /** Whether there are cluster effects besides readers and stories, so that power is not compared with 0.1. */
  readonly clustered: boolean;
}

const usual = { readers: 60, titles: 20, human: 1, machine: 1, each: [10, 10] as const };
const settings: Readonly<Record<string, Setting>> = {
  "60 x 20 of 40, titles without effect": { ...usual, clustered: false },
  "60 x 20 of 40, titles not shared": { ...usual, titles: 20, apart: true, clustered: false },
  "100 x 30 of 60, titles without effect": {
    ...usual,
    readers: 100,
    titles: 30,
    each: [15, 15],
    clustered: false,
  },
  "20 titles, tellability .55": { ...usual, tellability: 0.55, clustered: true },
  "20 titles, look .55": { ...usual, look: 0.55, clustered: true },
  "20 titles, both .55": { ...usual, tellability: 0.55, look: 0.55, clustered: true },
  "10 titles, 1 human + 4 machine, both .55": {
    ...usual,
    titles: 10,
    machine: 4,
    tellability: 0.55,
    look: 0.55,
    clustered: true,
  },
  "20 titles, 1 human + 4 machine, both .55": {
    ...usual,
    machine: 4,
    tellability: 0.55,
    look: 0.55,
    clustered: true,
  },
  "6 titles, 1 + 4, both .55": {
    ...usual,
    titles: 6,
    machine: 4,
    each: [6, 6],
    tellability: 0.55,
    look: 0.55,
    clustered: true,
  },
  "8 classes, .3": { ...usual, readers: 64, apart: true, classes: [8, 0.3], clustered: true },
  "6 classes, .3": { ...usual, readers: 60, apart: true, classes: [6, 0.3], clustered: true },
  "5 classes, .3": { ...usual, readers: 60, apart: true, classes: [5, 0.3], clustered: true },
  "8 forms, .3": { ...usual, readers: 64, titles: 80, each: [10, 10], forms: [8, 0.3], clustered: true },
  "6 forms, .3": { ...usual, readers: 60, titles: 60, each: [10, 10], forms: [6, 0.3], clustered: true },
  "5 forms, .3": { ...usual, readers: 60, titles: 50, each: [10, 10], forms: [5, 0.3], clustered: true },
  "70 % finish, the skilled leave": { ...usual, skill: 0.8, leaving: [0.3, 1], clustered: false },
  "70 % finish, the unskilled leave": { ...usual, skill: 0.8, leaving: [0.3, -1], clustered: false },
  "200 x 20 of 100, 70 % finish, the skilled leave": {
    ...usual,
    readers: 200,
    titles: 50,
    skill: 0.8,
    leaving: [0.3, 1],
    clustered: false,
  },
  "a tenth are experts": { ...usual, kinds: [0.1, 3], clustered: false },
  "100 x 30 of 60, a twentieth are experts": {
    ...usual,
    readers: 100,
    titles: 30,
    each: [15, 15],
    kinds: [0.05, 3],
    clustered: false,
  },
  "half right in 65 %, half wrong": { ...usual, kinds: [0.5, 1.24], clustered: false },
  "8 readers x 40 of 40": { ...usual, readers: 8, each: [20, 20], clustered: false },
  "12 readers x 20 of 40": { ...usual, readers: 12, clustered: false },
  "100 x 12 of 12, titles not shared": {
    ...usual,
    readers: 100,
    titles: 6,
    each: [6, 6],
    apart: true,
    clustered: false,
  },
  "100 x 12 of 12, 6 titles without effect": {
    ...usual,
    readers: 100,
    titles: 6,
    each: [6, 6],
    clustered: true,
  },
  "100 x 16 of 16, 8 titles, both .55": {
    ...usual,
    readers: 100,
    titles: 8,
    each: [8, 8],
    tellability: 0.55,
    look: 0.55,
    clustered: true,
  },
  "100 x 8 of 8, titles not shared": {
    ...usual,
    readers: 100,
    titles: 4,
    each: [4, 4],
    apart: true,
    clustered: false,
  },
};

/** Each test's claims, counted over the studies of a setting. */
interface Row {
  readonly setting: string;
  readonly studies: number;
  readonly tooFew: number;
  /** False "different" at .50, false "equivalent" at .60 or .40. */
  readonly errors: Readonly<Record<"verdict" | "before" | "pooled", readonly [number, number]>>;
  /** "Different" at .60 or .40, "within the margin" at .50. */
  readonly power: Readonly<Record<"verdict" | "before" | "oracle" | "student", readonly [number, number]>>;
  readonly clustered: boolean;
}

const levels = new Map<string, number>();
const done = new Map<string, Row>();
if (results && existsSync(results)) {
  for (const line of readFileSync(results, "utf8").split("\n").filter(Boolean)) {
    const row = JSON.parse(line) as Row;
    if (row.studies === studies) done.set(row.setting, row);
  }
}
const rows: Row[] = [];
for (const [name, setting] of Object.entries(settings)) {
  if (chosen.length > 0 && !chosen.some((part) => name.includes(part))) continue;
  const row = done.get(name) ?? rowOf(name, setting);
  if (results && !done.has(name)) appendFileSync(results, `${JSON.stringify(row)}\n`);
  rows.push(row);
  console.log(said(row));
}
const missed = rows.filter((row) => !holds(row));
if (missed.length > 0) {
  console.log(`\nmissed: ${missed.map(({ setting }) => setting).join("; ")}`);
  process.exitCode = 1;
}

function rowOf(name: string, setting: Setting): Row {
  const claims = () => ({ different: 0, equivalent: 0, found: 0, within: 0 });
  const counts = { verdict: claims(), before: claims(), pooled: claims() };
  const estimates = { chance: [] as number[], margin: [] as number[] };
  let tooFew = 0;
  let fewest = Infinity;
  for (let study = 0; study < studies; study++) {
    const truth = study % 2 === 0 ? 0.5 + margin : 0.5 - margin;
    const atChance = drawn(setting, 0.5, randomFrom(name, study, "chance"));
    const atMargin = drawn(setting, truth, randomFrom(name, study, "margin"));
    for (const [at, { clusters, ...judgments }] of [atChance, atMargin].entries()) {
      const verdict = verdictTest(
        { ...judgments, clusters },
        { margin, alpha, weighting: "readers" },
      ).overall;
      const before = verdictTest(judgments, { margin, alpha }).overall;
      const pooled = {
        differenceP: binomialTest(before.correct, before.judgments),
        equivalenceP: tostExactP(before.correct, before.judgments, { margin }),
      };
      for (const [test, { differenceP, equivalenceP }] of Object.entries({ verdict, before, pooled })) {
        const own = counts[test as keyof typeof counts];
        if (at === 0) {
          own.different += Number(differenceP <= alpha);
          own.within += Number(equivalenceP <= alpha);
        } else {
          own.found += Number(differenceP <= alpha);
          own.equivalent += Number(equivalenceP <= alpha);
        }
      }
      if (at === 0) tooFew += Number(verdict.degrees === 0);
      for (const clustering of verdict.clusterings) fewest = Math.min(fewest, clustering.clusters);
      if (at === 0) estimates.chance.push(verdict.estimate! - 0.5);
      else estimates.margin.push((verdict.estimate! - 0.5) * (truth > 0.5 ? 1 : -1));
    }
  }
  const share = (count: number) => count / studies;
  const spread = (values: readonly number[]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  };
  const [chanceError, marginError] = [spread(estimates.chance), spread(estimates.margin)];
  const oracleFinds = estimates.margin.filter((off) => Math.abs(off) > 1.95996 * marginError).length;
  const oracleWithin = estimates.chance.filter(
    (off) => Math.abs(off) < margin - 1.64485 * chanceError,
  ).length;
  const random = randomFrom(name, "student");
  const degrees = fewest - 1;
  const scaled = () => {
    let square = 0;
    for (let at = 0; at < degrees; at++) square += random.normal() ** 2;
    return Math.sqrt(square / degrees);
  };
  const [twoSided, oneSided] = [studentQuantile(1 - alpha / 2, degrees), studentQuantile(1 - alpha, degrees)];
  const studentFinds = estimates.margin.filter(
    (off) => Math.abs(off) > twoSided * marginError * scaled(),
  ).length;
  const studentWithin = estimates.chance.filter(
    (off) => Math.abs(off) < margin - oneSided * chanceError * scaled(),
  ).length;
  const of = ({ different, equivalent }: ReturnType<typeof claims>): [number, number] => [
    share(different),
    share(equivalent),
  ];
  const powerOf = ({ found, within }: ReturnType<typeof claims>): [number, number] => [
    share(found),
    share(within),
  ];
  return {
    setting: name,
    studies,
    tooFew: share(tooFew),
    errors: { verdict: of(counts.verdict), before: of(counts.before), pooled: of(counts.pooled) },
    power: {
      verdict: powerOf(counts.verdict),
      before: powerOf(counts.before),
      oracle: [share(oracleFinds), share(oracleWithin)],
      student: [share(studentFinds), share(studentWithin)],
    },
    clustered: setting.clustered,
  };
}

function holds({ errors, power, clustered, tooFew }: Row): boolean {
  const [different, equivalent] = errors.verdict;
  const yardstick = clustered ? power.oracle.map((one) => 0.8 * one) : power.before.map((one) => one - 0.05);
  return (
    different <= 0.065 &&
    equivalent <= 0.065 &&
    (tooFew === 1 || power.verdict.every((one, at) => one >= yardstick[at]!))
  );
}

function said(row: Row): string {
  const two = (pair: readonly number[]) => pair.map((one) => one.toFixed(3).replace(/^0/, "")).join(" / ");
  const { setting, errors, power, tooFew } = row;
  return `| ${setting} | ${two(errors.pooled)} | ${two(errors.before)} | ${two(errors.verdict)} | ${two(power.before)} | ${two(power.verdict)} | ${two(power.oracle)} | ${two(power.student)} | ${tooFew.toFixed(2)} |${holds(row) ? "" : " missed"}`;
}

/** Simulates a study with this expected accuracy. */
function drawn(setting: Setting, truth: number, random: Random): Judgments {
  const { readers, titles, human, machine, each, apart = false } = setting;
  const { bias = 0.5, skill = 0.3, story = 0.55, tellability = 0, look = 0 } = setting;
  const { classes, forms, kinds, leaving } = setting;
  const level = levelOf(setting, truth);
  const normals = (count: number, deviation: number) =>
    Array.from({ length: count }, () => deviation * random.normal());
  const ease = normals(titles, tellability);
  const looks = normals(titles, look);
  const classEase = normals(classes?.[0] ?? 0, classes?.[1] ?? 0);
  const formEase = normals(forms?.[0] ?? 0, forms?.[1] ?? 0);
  const formOfTitle = (title: number) => (forms ? title % forms[0] : 0);
  const stories = (["human", "machine"] as const).flatMap((origin) =>
    Array.from({ length: titles * (origin === "human" ? human : machine) }, (_, at) => ({
      origin: origin as Origin,
      id: `${origin} ${at}`,
      title: at % titles,
      look: story * random.normal(),
    })),
  );
  const decks = new Map<string, (typeof stories)[number][]>();

  const study = { readers: [], stories: [], origins: [], correct: [] } as {
    readers: number[];
    stories: string[];
    origins: Origin[];
    correct: boolean[];
  };
  const labels = { title: [] as string[], class: [] as number[], form: [] as number[] };
  for (let reader = 0; reader < readers; reader++) {
    const leaning = bias * random.normal();
    const own = (skill / 2) * random.normal();
    const better = kinds && random.next() < kinds[0] ? kinds[1] : 0;
    const inClass = classes ? reader % classes[0] : 0;
    const inForm = forms ? reader % forms[0] : 0;
    // Those who leave are from the better (or worse) half.
    const leaves = leaving !== undefined && own * leaving[1] > 0 && random.next() < 2 * leaving[0];
    const hand = (["human", "machine"] as const).flatMap((origin, kind) => {
      const key = `${origin} ${inForm}`;
      const all = stories.filter((one) => one.origin === origin && formOfTitle(one.title) === inForm);
      const deck = decks.get(key) ?? [];
      const dealt: (typeof stories)[number][] = [];
      while (dealt.length < each[kind]!) {
        if (deck.length === 0) deck.push(...random.shuffle(all.filter((one) => !dealt.includes(one))));
        dealt.push(deck.pop()!);
      }
      decks.set(key, deck);
      return dealt;
    });
    const read = leaves
      ? random.shuffle(hand).slice(0, Math.max(2, Math.round(hand.length * random.next() * 0.6)))
      : hand;
    for (const { origin, id, title, look: looked } of read) {
      const sign = origin === "human" ? 1 : -1;
      const logit =
        level +
        own +
        better +
        (ease[title] ?? 0) +
        (classEase[inClass] ?? 0) +
        (formEase[inForm] ?? 0) +
        sign * (leaning + looked + (looks[title] ?? 0));
      study.readers.push(reader);
      study.stories.push(id);
      study.origins.push(origin);
      study.correct.push(random.next() < logistic(logit));
      labels.title.push(apart ? id : `title ${title}`);
      labels.class.push(inClass);
      labels.form.push(inForm);
    }
  }
  const clusters: Clusters[] = [
    ...(apart ? [] : [{ name: "title", labels: labels.title }]),
    ...(classes ? [{ name: "class", labels: labels.class }] : []),
    ...(forms ? [{ name: "form", labels: labels.form }] : []),
  ];
  return { ...study, clusters };
}

/** The logit at which the mean over all readers and stories is the true accuracy. */
function levelOf(setting: Setting, truth: number): number {
  const { bias = 0.5, skill = 0.3, story = 0.55, tellability = 0, look = 0, classes, forms, kinds } = setting;
  const deviation = Math.hypot(bias, skill / 2, story, tellability, look, classes?.[1] ?? 0, forms?.[1] ?? 0);
  const key = JSON.stringify([deviation, kinds, truth]);
  const known = levels.get(key);
  if (known !== undefined) return known;
  if (!kinds) {
    const level = logisticNormalLogit(truth, deviation);
    levels.set(key, level);
    return level;
  }
  let [low, high] = [-5, 5];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    const [share, better] = kinds;
    const mean =
      (1 - share) * logisticNormalMean(middle, deviation) +
      share * logisticNormalMean(middle + better, deviation);
    if (mean < truth) low = middle;
    else high = middle;
  }
  levels.set(key, low);
  return low;
}
