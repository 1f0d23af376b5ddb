import { clusteredContrast, clusteredMean, studentInterval } from "./clustered.ts";
import { asNumbers, checkJudgments, type Judgments } from "./judgments.ts";
import type { Label } from "./labels.ts";
import { normalDensity, normalQuantile } from "./normal.ts";
import {
  type Estimate,
  type SignalDetection,
  signalDetection,
  twoAlternativeDetection,
} from "./signal-detection.ts";

/**
 * d', c, beta and Youden's J as in `signalDetection`, with readers and stories as random: the clustered errors of the two
 * rates enter d' and c by the delta method, times 1 / phi(z). No error is below that of independent judgments. With one
 * reader, or one story of a kind, errors are infinite. Undefined if one kind of story has no judgments. Throws RangeError when columns differ in length or a story has two origins.
 */
export function clusteredDetection(judgments: Judgments, level = 0.95): SignalDetection | undefined {
  checkJudgments(judgments);
  const { readers, stories, origins, correct, clusters = [] } = judgments;
  const saysHuman = asNumbers(correct).map((right, at) => (origins[at] === "human" ? right : 1 - right));
  const count = (origin: string) => saysHuman.filter((_, at) => origins[at] === origin);
  const [human, machine] = [count("human"), count("machine")];
  const counts = {
    hits: sum(human),
    humanStories: human.length,
    falseAlarms: sum(machine),
    machineStories: machine.length,
  };
  const plain = signalDetection(counts, level);
  if (plain === undefined) return undefined;
  const hitSlope = probitSlope(counts.hits, counts.humanStories);
  const falseAlarmSlope = probitSlope(counts.falseAlarms, counts.machineStories);
  return {
    ...plain,
    sensitivity: widened(plain.sensitivity, hitSlope, -falseAlarmSlope),
    criterion: widened(plain.criterion, -hitSlope / 2, -falseAlarmSlope / 2),
    youden: within(widened(plain.youden, 1, -1)),
  };

  function widened(figure: Estimate, humanWeight: number, machineWeight: number): Estimate {
    const weights = new Map<Label, number>([
      ["human", humanWeight],
      ["machine", machineWeight],
    ]);
    const clustered = clusteredContrast(saysHuman, {
      clusters: [readers, stories, ...clusters.map(({ labels }) => labels)],
      groups: origins,
      weights,
    });
    return replaced(figure, clustered, level);
  }
}

/**
 * d' of pairs as in `twoAlternativeDetection`, with an error clustered by reader and by pair. Undefined without
 * pairs. Throws RangeError when columns differ in length.
 */
export function clusteredPairDetection(
  data: {
    readonly correct: ArrayLike<boolean | number>;
    readonly readers: ArrayLike<Label>;
    readonly stories: ArrayLike<Label>;
  },
  level = 0.95,
): Estimate | undefined {
  const right = asNumbers(data.correct);
  const plain = twoAlternativeDetection(sum(right), right.length, level);
  if (plain === undefined) return undefined;
  const clustered = clusteredMean(right, [data.readers, data.stories], level);
  const slope = Math.SQRT2 * probitSlope(sum(right), right.length);
  return replaced(plain, { ...clustered, standardError: slope * clustered.standardError }, level);
}

/** dz/dp at the rate with its log-linear correction. */
function probitSlope(count: number, trials: number): number {
  return 1 / normalDensity(normalQuantile((count + 0.5) / (trials + 1)));
}

function replaced(
  figure: Estimate,
  clustered: { readonly standardError: number; readonly degrees: number },
  level: number,
): Estimate {
  const standardError = Math.max(figure.standardError, clustered.standardError);
  const interval = studentInterval(figure.value, standardError, clustered.degrees, level);
  return { value: figure.value, standardError, interval };
}

function within({ interval, ...figure }: Estimate): Estimate {
  return { ...figure, interval: { low: Math.max(-1, interval.low), high: Math.min(1, interval.high) } };
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
