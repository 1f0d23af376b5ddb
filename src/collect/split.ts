import type { Random } from "../stats/random.ts";
import type { Split } from "../study/story.ts";

export type SplitCounts = Readonly<Record<Split, number>>;

const parts = ["train", "validation", "test"] as const;

/**
 * Draws the part of each story; clusters stay together. `clusters` are lists of positions of stories. The counts are
 * reached exactly if clusters allow it, and otherwise as nearly as possible. With fewer clusters than parts, training
 * comes first and validation last.
 */
export function drawSplit(
  clusters: readonly (readonly number[])[],
  counts: SplitCounts,
  random: Random,
): Map<number, Split> {
  const drawn = new Map<number, Split>();
  let left = random.shuffle(clusters);
  // Smaller parts choose first; training takes the rest.
  for (const part of ["test", "validation"] as const) {
    const { chosen, others } = drawPart(left, counts[part]);
    if (others.length === 0 && counts.train > 0) others.push(...chosen.splice(largestAt(chosen), 1));
    for (const position of chosen.flat()) drawn.set(position, part);
    left = others;
  }
  for (const position of left.flat()) drawn.set(position, "train");
  return drawn;
}

/**
 * The number of stories of each part. Whole numbers that the corpus can satisfy are counts: validation and test get
 * theirs, training gets the rest. Otherwise (they sum to at most 1, one is not whole, or they exceed the corpus) the
 * numbers are shares, divided by largest remainders.
 */
export function splitCounts(requested: SplitCounts, stories: number): SplitCounts {
  const sum = parts.reduce((total, part) => total + requested[part], 0);
  if (sum > 1 && sum <= stories && parts.every((part) => Number.isInteger(requested[part]))) {
    return { ...requested, train: stories - requested.validation - requested.test };
  }
  const exact = parts.map((part) => (requested[part] / sum) * stories);
  const whole = exact.map(Math.floor);
  const byRemainder = parts
    .map((_, at) => at)
    .sort((a, b) => exact[b]! - whole[b]! - (exact[a]! - whole[a]!));
  const over = stories - whole.reduce((total, count) => total + count, 0);
  for (const at of byRemainder.slice(0, over)) whole[at]! += 1;
  return { train: whole[0]!, validation: whole[1]!, test: whole[2]! };
}

/** Takes clusters in their (random) order until little room is left, then the set that fills it best. */
function drawPart(clusters: readonly (readonly number[])[], room: number) {
  const largest = Math.max(1, ...clusters.map((cluster) => cluster.length));
  const chosen: (readonly number[])[] = [];
  let waiting: (readonly number[])[] = [];
  let left = room;
  for (const cluster of clusters) {
    if (left - cluster.length >= 2 * largest) {
      chosen.push(cluster);
      left -= cluster.length;
    } else {
      waiting.push(cluster);
    }
  }
  const last = new Set(bestFill(waiting, left, largest));
  chosen.push(...last);
  waiting = waiting.filter((cluster) => !last.has(cluster));
  return { chosen, others: waiting };
}

/** The first set of clusters whose number of stories is nearest to `room`: a small subset-sum problem. */
function bestFill(
  clusters: readonly (readonly number[])[],
  room: number,
  largest: number,
): (readonly number[])[] {
  if (room <= 0) return [];
  // reached[sum] is the set, as a list linked from its last cluster, first found with `sum` stories.
  const reached: (Chain | undefined)[] = [{ cluster: [], before: undefined }];
  for (const cluster of clusters) {
    if (reached[room]) break;
    for (let sum = Math.min(reached.length - 1, room); sum >= 0; sum--) {
      const before = reached[sum];
      const grown = sum + cluster.length;
      if (before && grown <= room + largest) reached[grown] ??= { cluster, before };
    }
  }
  const sums = reached.flatMap((chain, sum) => (chain && sum > 0 ? [sum] : []));
  const nearest = sums.sort((a, b) => Math.abs(a - room) - Math.abs(b - room) || a - b)[0];
  return nearest === undefined ? [] : unchained(reached[nearest]);
}

function largestAt(clusters: readonly (readonly number[])[]): number {
  const sizes = clusters.map((cluster) => cluster.length);
  return sizes.indexOf(Math.max(...sizes));
}

interface Chain {
  readonly cluster: readonly number[];
  readonly before: Chain | undefined;
}

function unchained(chain: Chain | undefined): (readonly number[])[] {
  const clusters: (readonly number[])[] = [];
  for (let link = chain; link?.before; link = link.before) clusters.push(link.cluster);
  return clusters;
}
