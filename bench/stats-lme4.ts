/**
 * Agreement and speed of the mixed model compared with lme4: 200 random data sets (or the number given), and one of 10,000
 * judgments, 1,000 readers and 300 stories. Needs Rscript with lme4; exits with 1 if the two differ.
 *
 *     npm run bench -- stats-lme4 200 bench/stats-lme4.R
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fitMixedLogistic, type MixedLogistic } from "../src/stats/mixed-logistic.ts";
import { median } from "../src/stats/quantile.ts";
import { type Random, randomFrom } from "../src/stats/random.ts";
import { simulateStudy } from "../src/stats/simulate-study.ts";

interface Reference {
  readonly coefficients: readonly number[];
  readonly errors: readonly number[];
  /** By lme4's other method, conditional on the variances; lme4 warns if the two differ. */
  readonly otherErrors: readonly number[];
  readonly reader: number;
  readonly story: number;
  readonly logLikelihood: number;
  readonly seconds: number;
  readonly defaultSeconds: number;
}

interface DataSet {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly reader: readonly number[];
  readonly story: readonly number[];
}

const sets = Number(process.argv[2] ?? 200);
const script = process.argv[3] ?? "bench/stats-lme4.R";

const small = Array.from({ length: sets }, (_, at) => randomSet(randomFrom("lme4", at)));
const gaps = compare(small);
console.log(`${gaps.length} data sets that both could fit, of ${sets}`);
console.table({
  "log-likelihood below lme4's": spread(gaps.map((gap) => Math.max(0, gap.behind))),
  "log-likelihood above lme4's": spread(gaps.map((gap) => Math.max(0, -gap.behind))),
  "coefficients, in standard errors": spread(gaps.map((gap) => gap.coefficients)),
  "standard errors, relative": spread(gaps.filter(({ unsure }) => !unsure).map((gap) => gap.errors)),
  "the same, where lme4's own two part by a tenth": spread(
    gaps.filter(({ unsure }) => unsure).map((gap) => gap.errors),
  ),
  "deviations of intercepts": spread(gaps.map((gap) => gap.deviations)),
  "seconds, ours over lme4's default": spread(gaps.map((gap) => gap.ratio)),
});

const large = studySet(1000, 300, 10, randomFrom("large"));
const [big] = compare([large]);
console.log(
  `10,000 judgments, 1,000 readers, 300 stories: ${big!.ours.toFixed(2)} s, ${big!.ratio.toFixed(2)} of lme4's default, ` +
    `${Math.round(process.memoryUsage().rss / 2 ** 20)} MB`,
);
const parted = [...gaps, big!].filter((gap) => gap.behind > 1e-4 || gap.ours > 10);
if (parted.length > 0) {
  console.error(
    `${parted.length} fits fall behind lme4 by more than 1e-4 of log-likelihood, or take over 10 s`,
  );
  process.exitCode = 1;
}

function randomSet(random: Random): DataSet {
  const each = 2 * random.integer(2, 8);
  return studySet(random.integer(8, 80), 2 * random.integer(Math.max(5, each / 2), 30), each, random);
}

/** A simulated study with random variances, some of them near 0. */
function studySet(readers: number, stories: number, each: number, random: Random): DataSet {
  const deviation = () => 1.2 * random.next() ** 2;
  const judgments = simulateStudy(
    {
      readers,
      stories,
      each,
      variances: { bias: deviation(), skill: 0, story: deviation() },
      humanAccuracy: 0.4 + 0.4 * random.next(),
      machineAccuracy: 0.4 + 0.4 * random.next(),
    },
    random,
  );
  const x = Array.from(judgments.origins, (origin) => Number(origin === "human"));
  return {
    x,
    y: x.map((human, at) => Number(judgments.correct[at] === (human === 1))),
    reader: Array.from(judgments.readers, Number),
    story: Array.from(judgments.stories, Number),
  };
}

function compare(data: readonly DataSet[]) {
  const references = fitWithR(data);
  return data.flatMap((set, at) => {
    const started = performance.now();
    const fit = fitMixedLogistic({
      design: set.x.map((x) => [1, x]),
      outcomes: set.y,
      groups: { reader: set.reader, story: set.story },
    });
    const seconds = (performance.now() - started) / 1000;
    return fit.fitted ? [gap(fit, references[at]!, seconds)] : [];
  });
}

function gap(fit: MixedLogistic, reference: Reference, seconds: number) {
  const worst = (pairs: readonly number[]) => Math.max(...pairs.map(Math.abs));
  return {
    behind: reference.logLikelihood - fit.logLikelihood,
    coefficients: worst(
      reference.coefficients.map((value, at) => (fit.coefficients[at]! - value) / reference.errors[at]!),
    ),
    errors: worst(reference.errors.map((value, at) => fit.standardErrors[at]! / value - 1)),
    unsure: worst(reference.errors.map((value, at) => value / reference.otherErrors[at]! - 1)) > 0.1,
    deviations: worst([
      fit.deviations["reader"]! - reference.reader,
      fit.deviations["story"]! - reference.story,
    ]),
    ratio: seconds / reference.defaultSeconds,
    ours: seconds,
  };
}

function fitWithR(data: readonly DataSet[]): Reference[] {
  const folder = mkdtempSync(join(tmpdir(), "lme4-"));
  try {
    const files = data.map((set, at) => {
      const lines = set.x.map((x, row) => [x, set.y[row], set.reader[row], set.story[row]].join(","));
      const file = join(folder, `${at}.csv`);
      writeFileSync(file, `x,y,reader,story\n${lines.join("\n")}\n`);
      return file;
    });
    const out = execFileSync("Rscript", [script, ...files], { encoding: "utf8", maxBuffer: 2 ** 26 });
    return out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Reference);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function spread(values: readonly number[]) {
  return {
    sets: values.length,
    median: values.length > 0 ? median(values) : undefined,
    most: Math.max(...values),
  };
}
