import { checkJudgments, type Judgments } from "./judgments.ts";
import { indexLabels, type Label } from "./labels.ts";
import type { Random } from "./random.ts";

/** Whether readers differ in how well they judge. */
export interface Heterogeneity {
  /**
   * The variance of the readers' balanced accuracies, divided by the one expected for equally skilled readers. Undefined if
   * nothing can be tested.
   */
  readonly ratio: number | undefined;
  /** 1 if nothing can be tested: no story has both right and wrong answers. */
  readonly p: number;
  readonly draws: number;
  /** Number of readers in the test: those who judged stories of both origins. */
  readonly readers: number;
}

/**
 * Tests whether readers differ in their balanced accuracy (the mean of a reader's accuracies on human and on machine
 * stories). The right and wrong answers to each story are permuted among its readers, which keeps the difficulty of each
 * story and who read what. The statistic is the sum over readers of the squared distance between the balanced accuracy and
 * its expectation from the reader's stories, weighted by precision, 1 / (1/h + 1/m) for h human and m machine stories. With
 * the same number of judgments on the same stories it is the variance of the readers' accuracies. p is (1 + extreme) /
 * (1 + draws). Drawing stops early after 100 draws at least as extreme, and p is then 100 / draws (Besag and Clifford
 * 1991); both are exact. `draws` is 10,000 by default, and fewer for very many judgments;
 * `reached` gets the share of them that is done.
 *
 * Throws RangeError when columns differ in length, a story has two origins, or draws are not a whole number from 1.
 */
export function readerHeterogeneity(
  judgments: Judgments,
  { draws = 10_000, reached }: { readonly draws?: number; readonly reached?: (share: number) => void },
  random: Random,
): Heterogeneity {
  checkJudgments(judgments);
  if (!Number.isInteger(draws) || draws < 1)
    throw new RangeError(`draws must be a whole number from 1: ${draws}`);
  const layout = layoutOf(judgments);
  const { base, scores, stories } = scoresOf(layout, judgments.correct);
  const mixed = stories.filter(({ rarer }) => rarer > 0);
  if (mixed.length === 0 || layout.readers === 0) {
    return { ratio: undefined, p: 1, draws: 0, readers: layout.readers };
  }
  const found = statisticOf(scores, layout.precision);
  const most = Math.min(draws, Math.max(999, Math.floor(1e8 / judgments.correct.length)));
  const next = fastRandom(random);
  // Rows sorted by story.
  const rows: Rows = {
    permutation: Int32Array.from(layout.order, (_, at) => at),
    reader: layout.order.map((row) => layout.reader[row]!),
    increments: Float64Array.from(layout.order, (row) => layout.increments[row]!),
  };
  const permuted = new Float64Array(base.length);
  let [extreme, sum, drawn] = [0, 0, 0];
  while (drawn < most && extreme < enoughExtreme) {
    permuted.set(base);
    for (const story of mixed) assignRarer(story, rows, permuted, next);
    const statistic = statisticOf(permuted, layout.precision);
    sum += statistic;
    drawn++;
    if (drawn % 20 === 0) reached?.(drawn / most);
    if (statistic >= found * (1 - 1e-12)) extreme++;
  }
  const p = extreme >= enoughExtreme ? extreme / drawn : (1 + extreme) / (1 + drawn);
  return { ratio: found / (sum / drawn), p, draws: drawn, readers: layout.readers };
}

/** After this many extreme draws, the relative standard error of p is about a tenth. */
const enoughExtreme = 100;

/** The experts that `expertPower` assumes. */
export interface ExpertPlan {
  /** The share of readers who can tell; 0.05 by default. */
  readonly share?: number;
  /** How often they are right; 0.95 by default. The others guess. */
  readonly accuracy?: number;
  /** 0.05 by default. */
  readonly alpha?: number;
  /** Gets the share of the simulated studies that is done. */
  readonly reached?: (share: number) => void;
}

/**
 * The power to detect that some readers can tell, by `readerHeterogeneity` or by `named` (a test of one reader, given right
 * answers and numbers of judgments on human and machine stories), with the same readers and stories: each reader can tell
 * with the given probability, all others guess. By simulation: 200 studies (100 with very many judgments), and up to 2,000
 * if the result is close to .80.
 */
export function expertPower(
  judgments: Pick<Judgments, "readers" | "stories" | "origins">,
  { share = 0.05, accuracy = 0.95, alpha = 0.05, reached }: ExpertPlan,
  named: (right: readonly [number, number], judged: readonly [number, number], readers: number) => boolean,
  random: Random,
): number {
  const layout = layoutOf(judgments);
  if (layout.readers === 0) return 0;
  const next = fastRandom(random);
  const { counts, order, precision, readers } = layout;
  const reader = order.map((row) => layout.reader[row]!);
  const kind = Uint8Array.from(order, (row) => layout.kinds[row]!);
  const increments = Float64Array.from(order, (row) => layout.increments[row]!);
  const correct = new Uint8Array(order.length);
  const right = new Float64Array(counts.length);
  const scores = new Float64Array(precision.length);
  const thresholds = new Float64Array(precision.length);
  const few = powerOf(order.length > 50_000 ? 100 : 200, (share) => reached?.(share / 2));
  if (few < 0.6 || few > 0.92) return few;
  const more = Math.min(2000, Math.max(200, Math.floor(2e7 / order.length)));
  return powerOf(more, (share) => reached?.(0.5 + share / 2));

  function powerOf(studies: number, done: (share: number) => void): number {
    thresholds.fill(0.5 * 2 ** 32);
    const guessing = Array.from({ length: studies }, (_, study) => {
      if (study % 10 === 0) done(study / studies / 2);
      return drawStatistic();
    }).sort((one, other) => one - other);
    const critical = guessing[Math.ceil((1 - alpha) * studies) - 1]!;
    let found = 0;
    for (let study = 0; study < studies; study++) {
      if (study % 10 === 0) done(0.5 + study / studies / 2);
      for (let one = 0; one < thresholds.length; one++) {
        thresholds[one] = (next() < share * 2 ** 32 ? accuracy : 0.5) * 2 ** 32;
      }
      if (drawStatistic() > critical || anyReaderNamed()) found++;
    }
    return found / studies;
  }

  /** Draws all answers and returns the statistic. */
  function drawStatistic(): number {
    scores.fill(0);
    for (let story = 0; story + 1 < layout.starts.length; story++) {
      const [begin, end] = [layout.starts[story]!, layout.starts[story + 1]!];
      let hits = 0;
      for (let at = begin; at < end; at++) {
        const hit = next() < thresholds[reader[at]!]! ? 1 : 0;
        correct[at] = hit;
        hits += hit;
      }
      const expected = hits / (end - begin);
      for (let at = begin; at < end; at++)
        scores[reader[at]!]! += increments[at]! * (correct[at]! - expected);
    }
    return statisticOf(scores, precision);
  }

  function anyReaderNamed(): boolean {
    right.fill(0);
    for (let at = 0; at < correct.length; at++) right[2 * reader[at]! + kind[at]!]! += correct[at]!;
    for (let one = 0; one < precision.length; one++) {
      if (precision[one] === 0) continue;
      const [human, machine] = [2 * one, 2 * one + 1];
      // Skips readers who are right in at most half, who cannot be significant.
      if (2 * (right[human]! + right[machine]!) <= counts[human]! + counts[machine]!) continue;
      const own = [right[human]!, right[machine]!] as const;
      if (named(own, [counts[human]!, counts[machine]!], readers)) return true;
    }
    return false;
  }
}

/** The design on typed arrays: rows by story, and what each row adds to its reader's accuracy. */
interface Layout {
  /** Number of readers who judged both origins. */
  readonly readers: number;
  readonly reader: Int32Array;
  readonly story: Int32Array;
  /** 0 for a human story, 1 for a machine story. */
  readonly kinds: Uint8Array;
  /** Each reader's numbers of judgments of human and of machine stories. */
  readonly counts: Float64Array;
  /** What a right answer in this row adds to its reader's balanced accuracy; 0 for readers of one origin. */
  readonly increments: Float64Array;
  /** 1 / (1/h + 1/m); 0 for readers of one origin. */
  readonly precision: Float64Array;
  /** Rows by story, and where each story begins. */
  readonly order: Int32Array;
  readonly starts: Int32Array;
}

function layoutOf({ readers, stories, origins }: Pick<Judgments, "readers" | "stories" | "origins">): Layout {
  const rows = readers.length;
  const [byReader, byStory] = [readers, stories].map((labels: ArrayLike<Label>) => indexLabels(labels));
  const reader = byReader!.index;
  const story = byStory!.index;
  const kinds = Uint8Array.from(origins, (origin) => (origin === "human" ? 0 : 1));
  const counts = new Float64Array(2 * byReader!.names.length);
  for (let at = 0; at < rows; at++) counts[2 * reader[at]! + kinds[at]!]!++;
  const precision = Float64Array.from(byReader!.names, (_, one) => {
    const [human, machine] = [counts[2 * one]!, counts[2 * one + 1]!];
    return human > 0 && machine > 0 ? 1 / (1 / human + 1 / machine) : 0;
  });
  const increments = Float64Array.from({ length: rows }, (_, at) =>
    precision[reader[at]!] === 0 ? 0 : 0.5 / counts[2 * reader[at]! + kinds[at]!]!,
  );
  const starts = new Int32Array(byStory!.names.length + 1);
  for (let at = 0; at < rows; at++) starts[story[at]! + 1]!++;
  for (let one = 1; one < starts.length; one++) starts[one]! += starts[one - 1]!;
  const order = new Int32Array(rows);
  const filled = starts.slice();
  for (let at = 0; at < rows; at++) order[filled[story[at]!]!++] = at;
  const both = precision.reduce((sum, own) => sum + Number(own > 0), 0);
  return { readers: both, reader, story, kinds, counts, increments, precision, order, starts };
}

/** A story's rows, and how many of them have the rarer answer (right or wrong). */
interface Story {
  readonly begin: number;
  readonly end: number;
  readonly rarer: number;
  /** 1 if right answers are the rarer ones, else -1. */
  readonly sign: 1 | -1;
}

/**
 * Each reader's balanced accuracy minus its expectation, and the same (`base`) without the rarer answers, which the
 * permutation adds.
 */
function scoresOf(layout: Layout, correct: ArrayLike<boolean | number>) {
  const { order, starts, reader, increments, precision } = layout;
  const scores = new Float64Array(precision.length);
  const base = new Float64Array(precision.length);
  const stories: Story[] = [];
  for (let story = 0; story + 1 < starts.length; story++) {
    const [begin, end] = [starts[story]!, starts[story + 1]!];
    let right = 0;
    for (let at = begin; at < end; at++) right += Number(correct[order[at]!]);
    const share = right / (end - begin);
    const fewRight = 2 * right <= end - begin;
    for (let at = begin; at < end; at++) {
      const row = order[at]!;
      scores[reader[row]!]! += increments[row]! * (Number(correct[row]) - share);
      base[reader[row]!]! += increments[row]! * ((fewRight ? 0 : 1) - share);
    }
    stories.push({ begin, end, rarer: fewRight ? right : end - begin - right, sign: fewRight ? 1 : -1 });
  }
  return { scores, base, stories };
}

/** The reader of each row and what a right answer adds, and the permutation of the rows. */
interface Rows {
  readonly permutation: Int32Array;
  readonly reader: Int32Array;
  readonly increments: Float64Array;
}

/** Assigns the rarer answer to random rows of a story, by the first steps of a Fisher-Yates shuffle. */
function assignRarer(
  { begin, end, rarer, sign }: Story,
  { permutation, reader, increments }: Rows,
  permuted: Float64Array,
  next: () => number,
): void {
  for (let at = begin; at < begin + rarer; at++) {
    const other = at + Math.floor((next() / 4294967296) * (end - at));
    const row = permutation[other]!;
    permutation[other] = permutation[at]!;
    permutation[at] = row;
    permuted[reader[row]!]! += sign * increments[row]!;
  }
}

function statisticOf(scores: Float64Array, precision: Float64Array): number {
  let sum = 0;
  for (let reader = 0; reader < scores.length; reader++) sum += precision[reader]! * scores[reader]! ** 2;
  return sum;
}

/** 32 random bits per call by sfc32 (Doty-Humphrey 2010), seeded from a named stream; many times faster than the stream itself. */
function fastRandom(random: Random): () => number {
  let [a, b, c, counter] = [0, 0, 0, 1].map((add) => (random.integer(0, 0x7fffffff) + add) | 0) as [
    number,
    number,
    number,
    number,
  ];
  return () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
}
