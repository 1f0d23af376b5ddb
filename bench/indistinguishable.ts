/**
 * How often is "indistinguishable" claimed although some readers can tell? For each design 2,000 studies (or the number
 * given) in which each reader is right in 95 % of stories with probability 5 %, and as many in which all guess, with the
 * default variances. Also what prevents the claim if the three equivalences hold. Limits: at most 5 % of the former, at
 * least 70 % of the latter with 100 readers of 30 of 60 stories. For readers who guess, the test of reader differences and
 * of single readers: at most 6.5 %.
 *
 *     npm run bench -- indistinguishable [studies] [design ...]
 *
 * Like `verdict-clusters`, it writes each result to the file named by RESULTS and continues from there.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { guessingP, readerScores, testedReaders } from "../src/stats/able-readers.ts";
import { expertPower, readerHeterogeneity } from "../src/stats/heterogeneity.ts";
import type { Judgments, Origin } from "../src/stats/judgments.ts";
import { logistic } from "../src/stats/logistic-normal.ts";
import { type Random, randomFrom } from "../src/stats/random.ts";
import { defaultSpread } from "../src/stats/simulate-study.ts";
import { verdictTest } from "../src/stats/verdict-test.ts";

const studies = Number(process.argv[2] ?? 2000);
const chosen = process.argv.slice(3);
const results = process.env["RESULTS"];
const alpha = 0.05;

interface Design {
  readonly readers: number;
  readonly each: number;
  readonly stories: number;
}
const designs: Readonly<Record<string, Design>> = {
  "100 x 30 of 60": { readers: 100, each: 30, stories: 60 },
  "179 x 6 of 72": { readers: 179, each: 6, stories: 72 },
  "60 x 20 of 40": { readers: 60, each: 20, stories: 40 },
  "400 x 12 of 120": { readers: 400, each: 12, stories: 120 },
};
/** Logits of a right answer by kind of reader, each with its share. */
const kinds: Readonly<Record<string, readonly (readonly [share: number, logit: number])[]>> = {
  "5 % right in 95 %": [
    [0.05, Math.log(19)],
    [0.95, 0],
  ],
  "7 % right in 90 %": [
    [0.07, Math.log(9)],
    [0.93, 0],
  ],
  "half right in 65 %, half wrong in 65 %": [
    [0.5, Math.log(65 / 35)],
    [0.5, -Math.log(65 / 35)],
  ],
  "all guess": [[1, 0]],
};

interface Row {
  readonly name: string;
  readonly studies: number;
  /** The power of the design, averaged over studies. */
  readonly power: number;
  readonly threeEquivalent: number;
  readonly word: number;
  readonly differ: number;
  readonly named: number;
  /** Reader differences, or a significant reader, among studies whose three equivalences hold. */
  readonly shown: number;
}

const done = new Map<string, Row>();
if (results && existsSync(results)) {
  for (const line of readFileSync(results, "utf8").split("\n").filter(Boolean)) {
    const row = JSON.parse(line) as Row;
    if (row.studies === studies) done.set(row.name, row);
  }
}
for (const [designName, design] of Object.entries(designs)) {
  for (const [kindName, mixture] of Object.entries(kinds)) {
    const name = `${designName}, ${kindName}`;
    if (chosen.length > 0 && !chosen.some((part) => name.includes(part))) continue;
    const row = done.get(name) ?? rowOf(name, design, mixture);
    if (results && !done.has(name)) appendFileSync(results, `${JSON.stringify(row)}\n`);
    const three = [row.power, row.threeEquivalent, row.shown, row.word, row.differ, row.named].map((one) =>
      one.toFixed(3),
    );
    const missed =
      (kindName === "5 % right in 95 %" && row.word > 0.05) ||
      (name === "100 x 30 of 60, all guess" && row.word < 0.7) ||
      (kindName === "all guess" && (row.differ > 0.065 || row.named > 0.065));
    console.log(`| ${name} | ${three.join(" | ")} |${missed ? " missed" : ""}`);
    if (missed) process.exitCode = 1;
  }
}

function rowOf(name: string, design: Design, mixture: (typeof kinds)[string]): Row {
  const counts = { three: 0, word: 0, differ: 0, named: 0, shown: 0 };
  // All studies of a design have the same numbers of judgments, so a few suffice for the power.
  const powers = Array.from({ length: 5 }, (_, at) =>
    expertPower(
      drawn(design, mixture, randomFrom(name, at)),
      { alpha },
      canName,
      randomFrom(name, "power", at),
    ),
  );
  for (let study = 0; study < studies; study++) {
    const random = randomFrom(name, study);
    const judgments = drawn(design, mixture, random);
    const three =
      verdictTest(judgments, { margin: 0.1, alpha, weighting: "readers" }).together === "equivalent";
    const differ = readerHeterogeneity(judgments, { draws: 1999 }, random.fork("permuted")).p <= alpha;
    const named = testedReaders(readerScores(judgments)).some(({ holm }) => holm <= alpha);
    counts.three += Number(three);
    counts.differ += Number(differ);
    counts.named += Number(named);
    counts.shown += Number(three && (differ || named));
    counts.word += Number(three && !differ && !named && powers[study % powers.length]! >= 0.8);
  }
  const share = (count: number) => count / studies;
  return {
    name,
    studies,
    power: powers.reduce((sum, power) => sum + power, 0) / powers.length,
    threeEquivalent: share(counts.three),
    word: share(counts.word),
    differ: share(counts.differ),
    named: share(counts.named),
    shown: counts.three === 0 ? 0 : counts.shown / counts.three,
  };
}

function canName(
  right: readonly [number, number],
  judged: readonly [number, number],
  readers: number,
): boolean {
  return guessingP(right, judged) <= alpha / readers;
}

/** Readers of these kinds, with the default variance of bias for all. */
function drawn(
  { readers, each, stories }: Design,
  mixture: (typeof kinds)[string],
  random: Random,
): Judgments {
  const looks = Array.from({ length: stories }, () => defaultSpread.story * random.normal());
  const study = { readers: [], stories: [], origins: [], correct: [] } as {
    readers: number[];
    stories: number[];
    origins: Origin[];
    correct: boolean[];
  };
  const halves = [0, 1].map((kind) =>
    Array.from({ length: stories / 2 }, (_, at) => at + (kind * stories) / 2),
  );
  const decks: number[][] = [[], []];
  for (let reader = 0; reader < readers; reader++) {
    const [share, logit] =
      mixture.length > 1 && random.next() < mixture[0]![0] ? mixture[0]! : mixture.at(-1)!;
    const leaning = defaultSpread.bias * random.normal();
    for (const [kind, half] of halves.entries()) {
      const deck = decks[kind]!;
      const dealt: number[] = [];
      while (dealt.length < each / 2) {
        if (deck.length === 0) deck.push(...random.shuffle(half.filter((story) => !dealt.includes(story))));
        dealt.push(deck.pop()!);
      }
      const sign = kind === 0 ? 1 : -1;
      for (const story of dealt) {
        // Experts are right in 95 % regardless of the look of the story.
        const plain = share < 0.5 ? 0 : sign * (leaning + looks[story]!);
        study.readers.push(reader);
        study.stories.push(story);
        study.origins.push(kind === 0 ? "human" : "machine");
        study.correct.push(random.next() < logistic(logit + plain));
      }
    }
  }
  return study;
}
