import type { Clusters, Judgments, Origin } from "./judgments.ts";
import { logistic, logisticNormalLogit } from "./logistic-normal.ts";
import type { Random } from "./random.ts";

/** The design of a study, with assumptions on its readers and stories. */
export interface StudyPlan {
  readonly readers: number;
  /** Total number of stories, half of them human. Even. */
  readonly stories: number;
  /** Judgments of each reader, half of them of human stories. Even, at most `stories`. */
  readonly each: number;
  readonly variances: StudySpread;
  /** Number of titles, each with human and machine stories; none by default. */
  readonly titles?: number | undefined;
  /** Clusters: classes of readers (`readers`), or forms with separate readers and stories (`all`). */
  readonly groups?: { readonly count: number; readonly hold: "readers" | "all" } | undefined;
  /** The share of readers who finish; the others leave after a random number of their judgments. 1 by default. */
  readonly finish?: number | undefined;
  /** True accuracies; 0.5 by default. */
  readonly humanAccuracy?: number;
  readonly machineAccuracy?: number;
}

/** Standard deviations on the logit of saying "human". */
export interface StudySpread {
  /** Between readers, in how readily they say "human". */
  readonly bias: number;
  /** Between readers, in skill: the logit for a human story minus that for a machine story. */
  readonly skill: number;
  /** Between stories of one origin, in how human they look. */
  readonly story: number;
  /** Between titles, in the logit of a right answer. 0 by default. */
  readonly title?: number;
  /** Between classes or forms, in the logit of a right answer. 0 by default. */
  readonly group?: number;
}

/** Defaults of a plan, typical of studies of very short stories: the ICC of stories is near .07. */
export const defaultSpread = { bias: 0.5, skill: 0.3, story: 0.55 } satisfies StudySpread;

/** Default standard deviations between titles, and between classes or forms. */
export const defaultClusterSpread = { title: 0.3, group: 0.3 } satisfies Partial<StudySpread>;

/**
 * Simulates one study: each reader judges `each` stories, chosen so that all stories are judged equally often (within one),
 * and says "human" with logit = level of the origin + bias +/- (skill / 2 + title + group) + story. The levels are set so
 * that the expected accuracies are exactly those of the plan. Readers who leave do so after 1 to `each` - 1 judgments in
 * random order. Titles and groups are named clusters of the result. Throws RangeError on impossible plans.
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
    finish = 1,
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
  // Forms have separate stories, so each draws from its own.
  const forms = groups?.hold === "all" ? groups.count : 1;
  const drawers = Array.from({ length: forms }, (_, form) =>
    [0, half].map((first) =>
      storyDrawer(
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
    origins: Origin[];
    correct: boolean[];
  };
  for (let reader = 0; reader < readers; reader++) {
    const bias = variances.bias * random.normal();
    const skill = variances.skill * random.normal();
    const group = groups ? reader % groups.count : 0;
    const first = judgments.readers.length;
    for (let kind = 0; kind < 2; kind++) {
      const human = kind === 0;
      const level = human ? humanLevel + skill / 2 : machineLevel - skill / 2;
      for (const story of drawers[group % forms]![kind]!(each / 2)) {
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
    if (finish < 1 && random.next() >= finish) {
      const kept = random.shuffle(Array.from({ length: each }, (_, at) => first + at));
      const rows = kept.slice(0, random.integer(1, each - 1));
      for (const column of [...Object.values(judgments), ...Object.values(labels)] as unknown[][])
        column.splice(first, each, ...rows.map((row) => column[row]));
    }
  }
  const clusters: Clusters[] = [
    ...(titles ? [{ name: "title", labels: labels.title }] : []),
    ...(groups ? [{ name: "group", labels: labels.group }] : []),
  ];
  return clusters.length > 0 ? { ...judgments, clusters } : judgments;
}

/** Draws different stories from a shuffled list, which is shuffled again when it is empty. */
export function storyDrawer(all: readonly number[], random: Random): (count: number) => number[] {
  let left: number[] = [];
  return (count) => {
    const drawn: number[] = left.splice(0, count);
    if (drawn.length < count) {
      // Stories already drawn for this reader go to the end of the new list, so that nobody reads one twice.
      const fresh = random.shuffle(all.filter((story) => !drawn.includes(story)));
      left = [...fresh, ...drawn];
      drawn.push(...left.splice(0, count - drawn.length));
    }
    return drawn;
  };
}

function checkPlan({ readers, stories, each, variances, titles, groups, finish = 1 }: StudyPlan): void {
  if (!(finish > 0 && finish <= 1)) throw new RangeError(`finish must be above 0, at most 1: ${finish}`);
  for (const [name, count] of Object.entries({ titles, groups: groups?.count })) {
    if (count !== undefined && !(Number.isInteger(count) && count >= 1)) {
      throw new RangeError(`${name} must be a whole number from 1: ${count}`);
    }
  }
  if (groups?.hold === "all" && each > 2 * Math.floor(stories / 2 / groups.count)) {
    throw new RangeError(`${groups.count} forms of ${stories} stories have fewer than ${each} each`);
  }
  if (!Number.isInteger(readers) || readers < 1)
    throw new RangeError(`readers must be a whole number from 1: ${readers}`);
  if (!Number.isInteger(stories) || stories < 2 || stories % 2 !== 0) {
    throw new RangeError(`stories must be an even number from 2: ${stories}`);
  }
  if (!Number.isInteger(each) || each < 2 || each % 2 !== 0 || each > stories) {
    throw new RangeError(`judgments per reader must be an even number from 2 to ${stories}: ${each}`);
  }
  for (const [name, deviation] of Object.entries(variances)) {
    if (!(deviation >= 0 && deviation < Infinity))
      throw new RangeError(`the standard deviation ${name} must be 0 or more: ${deviation}`);
  }
}
