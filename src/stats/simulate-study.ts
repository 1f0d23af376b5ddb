import type { Judgments } from "./judgments.ts";
import { logistic, logisticNormalLogit } from "./logistic-normal.ts";
import type { Random } from "./random.ts";

/** A study as it will be run, and what its readers and stories are like. */
export interface StudyPlan {
  readonly readers: number;
  /** Stories in all, half of them human. Even. */
  readonly stories: number;
  /** Judgments of each reader, half of them of human stories. Even, at most `stories`. */
  readonly each: number;
  readonly variances: StudySpread;
  /** True shares of right answers over all readers and stories like these; 0.5 unless told. */
  readonly humanAccuracy?: number;
  readonly machineAccuracy?: number;
}

/** Standard deviations on the logit of saying "human". */
export interface StudySpread {
  /** Between readers, in how readily they say "human". */
  readonly bias: number;
  /** Between readers, in skill: the logit for a human story less that for a machine's. */
  readonly skill: number;
  /** Between stories of one origin, in how human they look. */
  readonly story: number;
}

/** What studies of very short stories look like, and the plan's default: a story's ICC near .07. */
export const usualSpread: StudySpread = { bias: 0.5, skill: 0.3, story: 0.55 };

/**
 * Draws one study: each reader judges `each` stories, chosen so that all are judged equally often (to within
 * one), and says "human" with logit = level of the origin + bias +/- skill / 2 + story. The levels are set so that
 * the shares over all readers and stories are exactly those of the plan. Throws RangeError on impossible plans.
 */
export function simulateStudy(plan: StudyPlan, random: Random): Judgments {
  checkPlan(plan);
  const { readers, stories, each, variances, humanAccuracy = 0.5, machineAccuracy = 0.5 } = plan;
  const spread = Math.hypot(variances.bias, variances.skill / 2, variances.story);
  const humanLevel = logisticNormalLogit(humanAccuracy, spread);
  const machineLevel = logisticNormalLogit(1 - machineAccuracy, spread);
  const looks = Array.from({ length: stories }, () => variances.story * random.normal());
  const half = stories / 2;
  const decks = [deck(0, half, random), deck(half, stories, random)];

  const judgments = { readers: [], stories: [], origins: [], correct: [] } as {
    readers: number[];
    stories: number[];
    origins: ("human" | "machine")[];
    correct: boolean[];
  };
  for (let reader = 0; reader < readers; reader++) {
    const bias = variances.bias * random.normal();
    const skill = variances.skill * random.normal();
    for (let kind = 0; kind < 2; kind++) {
      const human = kind === 0;
      const level = human ? humanLevel + skill / 2 : machineLevel - skill / 2;
      for (const story of decks[kind]!(each / 2)) {
        const saysHuman = random.next() < logistic(level + bias + looks[story]!);
        judgments.readers.push(reader);
        judgments.stories.push(story);
        judgments.origins.push(human ? "human" : "machine");
        judgments.correct.push(saysHuman === human);
      }
    }
  }
  return judgments;
}

/** Deals hands of different stories from a shuffled deck that is shuffled anew when it runs out. */
function deck(from: number, to: number, random: Random): (hand: number) => number[] {
  const all = Array.from({ length: to - from }, (_, at) => from + at);
  let left: number[] = [];
  return (hand) => {
    const dealt: number[] = left.splice(0, hand);
    if (dealt.length < hand) {
      // Stories already in this hand go to the end of the new deck, so that nobody reads one twice.
      const fresh = random.shuffle(all.filter((story) => !dealt.includes(story)));
      left = [...fresh, ...dealt];
      dealt.push(...left.splice(0, hand - dealt.length));
    }
    return dealt;
  };
}

function checkPlan({ readers, stories, each, variances }: StudyPlan): void {
  if (!Number.isInteger(readers) || readers < 1)
    throw new RangeError(`readers are a count from 1: ${readers}`);
  if (!Number.isInteger(stories) || stories < 2 || stories % 2 !== 0) {
    throw new RangeError(`stories are an even count from 2: ${stories}`);
  }
  if (!Number.isInteger(each) || each < 2 || each % 2 !== 0 || each > stories) {
    throw new RangeError(`judgments of each reader are an even count from 2 to ${stories}: ${each}`);
  }
  for (const [name, deviation] of Object.entries(variances)) {
    if (!(deviation >= 0 && deviation < Infinity))
      throw new RangeError(`${name} deviates by 0 or more: ${deviation}`);
  }
}
