import { fewestClusters } from "../stats/clustered-share.ts";
import { fewestReaders, verdictPower } from "../stats/power.ts";
import { defaultClusterSpread, defaultSpread, type StudyPlan } from "../stats/simulate-study.ts";
import { counted, declaredPercent, printed } from "../study/print.ts";

/** A plan without its number of readers. */
export type DesignPlan = Omit<StudyPlan, "readers">;

/** The design parts of a plan. */
type PlannedDesign = Pick<DesignPlan, "stories" | "each" | "titles" | "groups">;

/** Margin and error rate of the test. */
export interface PlannedTest {
  readonly margin: number;
  readonly alpha: number;
}

/** The plan with another number of stories and proportionally many titles. */
export const withStories = <Some extends DesignPlan>(plan: Some, stories: number): Some =>
  plan.titles === undefined
    ? { ...plan, stories }
    : { ...plan, stories, titles: Math.max(1, Math.round((plan.titles * stories) / plan.stories)) };

/**
 * The smallest number of readers with the target power, for all three claims or for overall accuracy alone; undefined if
 * 100,000 are not enough because there are too few stories.
 */
export function readersNeeded(
  plan: DesignPlan,
  test: PlannedTest,
  wanted: number,
  of: "claim" | "overall" = "claim",
): number | undefined {
  return fewestReaders((readers) => {
    const formula = verdictPower({ ...plan, readers }, test);
    return (of === "claim" ? formula.together : formula.overall.equivalent) >= wanted;
  });
}

/** The smallest number of stories, half of them human, with which some number of readers is enough; undefined beyond 10,000. */
function storiesNeeded(plan: DesignPlan, test: PlannedTest, wanted: number): number | undefined {
  const enough = (half: number) => {
    const formula = verdictPower({ ...withStories(plan, 2 * half), readers: unlimitedReaders }, test);
    return formula.together >= wanted;
  };
  let high = Math.max(2, plan.each / 2);
  let low = high - 1;
  while (!enough(high)) {
    [low, high] = [high, 2 * high];
    if (high > 5000) return undefined;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return 2 * high;
}

/** A number of readers so large that only the stories limit power. */
const unlimitedReaders = 100_000;

/** The default power of a plan. */
export const defaultPower = 0.8;

/**
 * One sentence if the stories are too few for any number of readers, with the number needed; undefined if some number of
 * readers is enough.
 */
export function tooFewStoriesText(plan: DesignPlan, test: PlannedTest, wanted: number): string | undefined {
  const tooFew = tooFewClustersText(plan);
  if (tooFew !== undefined) return tooFew;
  if (readersNeeded(plan, test, wanted) !== undefined) return undefined;
  const { humanAccuracy: accuracy = 0.5 } = plan;
  const truth = accuracy === 0.5 ? "" : ` if the true accuracy is ${declaredPercent(accuracy)}`;
  const begin = `${counted(plan.stories, "story is", "stories are")} too few to show equivalence within ${declaredPercent(test.margin).replace(" %", " points")}${truth}, however many readers you ask`;
  const fewest = storiesNeeded(plan, test, wanted);
  if (fewest === undefined) return `${begin}. Even 10,000 stories are not enough.`;
  const ample = 2 * fewest;
  const readers = readersNeeded(withStories(plan, ample), test, wanted);
  const then =
    readers === undefined
      ? ""
      : `; with ${ample} stories, about ${printed(readers, "integer")} readers give a power of ${declaredPercent(wanted)}`;
  return `${begin}. You need at least ${fewest} stories, half of them human${then}.`;
}

/** One sentence if titles, classes or forms are too few for any verdict; else undefined. */
function tooFewClustersText({ titles, groups }: DesignPlan): string | undefined {
  const tooFew = [
    { count: titles, noun: "title" },
    { count: groups?.count, noun: groups?.hold === "all" ? "form" : "class" },
  ].find(({ count }) => count !== undefined && count < fewestClusters);
  if (!tooFew) return undefined;
  const plural = tooFew.noun === "class" ? "classes" : `${tooFew.noun}s`;
  return `${counted(tooFew.count!, tooFew.noun, plural)} ${tooFew.count === 1 ? "is" : "are"} too few for a verdict, however many readers you ask. You need at least ${fewestClusters} to estimate how much ${plural} differ.`;
}

/** `tooFewStoriesText` for a study's design, with the default variances of readers and stories. */
export const tooFewForText = (design: PlannedDesign, test: PlannedTest): string | undefined =>
  tooFewStoriesText(defaultPlan(design), test, defaultPower);

/** A plan with the default variances and readers who guess. */
export const defaultPlan = (design: PlannedDesign): DesignPlan => ({
  ...design,
  variances: { ...defaultSpread, ...defaultClusterSpread },
  humanAccuracy: 0.5,
  machineAccuracy: 0.5,
});
