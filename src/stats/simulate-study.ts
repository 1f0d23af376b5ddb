import type { Clusters, Judgments } from "./judgments.ts";
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
  /** How many titles the stories share, so that each has human and machine stories; none unless told. */
  readonly titles?: number | undefined;
  /** Classes of readers, or forms that hold readers and stories of their own, by which judgments are clustered. */
  readonly groups?: { readonly count: number; readonly hold: "readers" | "all" } | undefined;
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
  /** Between titles, in how easily their stories are told apart: the logit of a right answer. 0 unless told. */
  readonly title?: number;
  /** Between classes or forms, likewise. 0 unless told. */
  readonly group?: number;
}

/** What studies of very short stories look like, and the plan's default: a story's ICC near .07. */
export const usualSpread = { bias: 0.5, skill: 0.3, story: 0.55 } satisfies StudySpread;

/** What titles, and classes or forms, are taken to differ by where a plan has them. */
export const usualClusters = { title: 0.3, group: 0.3 } satisfies Partial<StudySpread>;

/**
 * Draws one study: each reader judges `each` stories, chosen so that all are judged equally often (to within
 * one), and says "human" with logit = level of the origin + bias +/- (skill / 2 + title + group) + story. The levels are
 * set so that the shares over all readers and stories are exactly those of the plan. Titles and groups are named clusters
 * of what comes back. Throws RangeError on impossible plans.
 */
export function simulateStudy(plan: StudyPlan, random: Random): Judgments {
  checkPlan(plan);
  const {
    readers,
    stories,
    each,
    variances,
    humanAccuracy = 0.5,
    machineAccuracy = 0.5,
    titles,
    groups,
  } = plan;
  const { title: titleSpread = 0, group: groupSpread = 0 } = variances;
  const spread = Math.hypot(
    variances.bias,
    variances.skill / 2,
    variances.story,
    titles ? titleSpread : 0,
    groups ? groupSpread : 0,
  );
  const humanLevel = logisticNormalLogit(humanAccuracy, spread);
  const machineLevel = logisticNormalLogit(1 - machineAccuracy, spread);
  const looks = Array.from({ length: stories }, () => variances.story * random.normal());
  const half = stories / 2;
  const ease = Array.from({ length: titles ?? 0 }, () => titleSpread * random.normal());
  const groupEase = Array.from({ length: groups?.count ?? 0 }, () => groupSpread * random.normal());
  // Forms have stories of their own, so that each deals from its own decks.
  const forms = groups?.hold === "all" ? groups.count : 1;
  const decks = Array.from({ length: forms }, (_, form) =>
    [0, half].map((first) =>
      deck(
        Array.from({ length: half }, (_, at) => first + at).filter(
          (story) => (story - first) % forms === form,
        ),
        random,
      ),
    ),
  );
  const labels = { title: [] as number[], group: [] as number[] };

  const judgments = { readers: [], stories: [], origins: [], correct: [] } as {
    readers: number[];
    stories: number[];
    origins: ("human" | "machine")[];
    correct: boolean[];
  };
  for (let reader = 0; reader < readers; reader++) {
    const bias = variances.bias * random.normal();
    const skill = variances.skill * random.normal();
    const group = groups ? reader % groups.count : 0;
    for (let kind = 0; kind < 2; kind++) {
      const human = kind === 0;
      const level = human ? humanLevel + skill / 2 : machineLevel - skill / 2;
      for (const story of decks[group % forms]![kind]!(each / 2)) {
        const title = titles ? (story % half) % titles : 0;
        const easier = (ease[title] ?? 0) + (groupEase[group] ?? 0);
        const saysHuman = random.next() < logistic(level + bias + looks[story]! + (human ? easier : -easier));
        labels.title.push(title);
        labels.group.push(group);
        judgments.readers.push(reader);
        judgments.stories.push(story);
        judgments.origins.push(human ? "human" : "machine");
        judgments.correct.push(saysHuman === human);
      }
    }
  }
  const clusters: Clusters[] = [
    ...(titles ? [{ name: "title", labels: labels.title }] : []),
    ...(groups ? [{ name: "group", labels: labels.group }] : []),
  ];
  return clusters.length > 0 ? { ...judgments, clusters } : judgments;
}

/** Deals hands of different stories from a shuffled deck that is shuffled anew when it runs out. */
function deck(all: readonly number[], random: Random): (hand: number) => number[] {
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

function checkPlan({ readers, stories, each, variances, titles, groups }: StudyPlan): void {
  for (const [name, count] of Object.entries({ titles, groups: groups?.count })) {
    if (count !== undefined && !(Number.isInteger(count) && count >= 1)) {
      throw new RangeError(`${name} are a count from 1: ${count}`);
    }
  }
  if (groups?.hold === "all" && each > 2 * Math.floor(stories / 2 / groups.count)) {
    throw new RangeError(`${groups.count} forms of ${stories} stories have fewer than ${each} each`);
  }
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
