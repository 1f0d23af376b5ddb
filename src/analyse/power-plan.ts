import { fewestClusters } from "../stats/clustered-share.ts";
import { fewestReaders, type StudyPower, verdictPower } from "../stats/power.ts";
import { type StudyPlan, usualClusters, usualSpread } from "../stats/simulate-study.ts";
import { counted, declaredPercent, printed } from "../study/print.ts";

/** A plan before it has readers. */
export type PlanWithoutReaders = Omit<StudyPlan, "readers">;

/** What a plan has of a study. */
type PlannedDesign = Pick<PlanWithoutReaders, "stories" | "each" | "titles" | "groups">;

/** What is claimed, and how often it may be wrong. */
export interface Test {
  readonly margin: number;
  readonly alpha: number;
}

/** The plan with another number of stories, and as many titles for each as before. */
export const withStories = <Some extends PlanWithoutReaders>(plan: Some, stories: number): Some =>
  plan.titles === undefined
    ? { ...plan, stories }
    : { ...plan, stories, titles: Math.max(1, Math.round((plan.titles * stories) / plan.stories)) };

/**
 * The probability that the claim as a whole is shown: overall, and for human and for machine stories, whose errors are
 * near independent.
 */
export function claimPower({ overall, human, machine }: StudyPower): number {
  return Math.min(overall.equivalent, human.equivalent * machine.equivalent);
}

/**
 * The fewest readers with whom the formula promises the wanted power for the claim as a whole, or for overall accuracy
 * alone; undefined where even 100,000 would not do, because the stories are too few.
 */
export function readersNeeded(
  plan: PlanWithoutReaders,
  test: Test,
  wanted: number,
  of: "claim" | "overall" = "claim",
): number | undefined {
  return fewestReaders((readers) => {
    const formula = verdictPower({ ...plan, readers }, test);
    return (of === "claim" ? claimPower(formula) : formula.overall.equivalent) >= wanted;
  });
}

/** The fewest stories, half of them human, with which any number of readers promises the wanted power; undefined beyond 10,000. */
function storiesNeeded(plan: PlanWithoutReaders, test: Test, wanted: number): number | undefined {
  const enough = (half: number) => {
    const formula = verdictPower({ ...withStories(plan, 2 * half), readers: uncountable }, test);
    return claimPower(formula) >= wanted;
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

/** So many readers that only the stories leave anything to chance. */
const uncountable = 100_000;

/** How often a true claim should be shown where nobody says: the usual power of a plan. */
export const usualPower = 0.8;

/**
 * One sentence where the stories are too few for the claim whatever the number of readers, with how many it would
 * take; undefined where some number of readers does.
 */
export function sayTooFewStories(plan: PlanWithoutReaders, test: Test, wanted: number): string | undefined {
  const few = sayTooFewClusters(plan);
  if (few !== undefined) return few;
  if (readersNeeded(plan, test, wanted) !== undefined) return undefined;
  const { humanAccuracy: accuracy = 0.5 } = plan;
  const truth = accuracy === 0.5 ? "" : `, if accuracy is truly ${declaredPercent(accuracy)}`;
  const begin = `With ${counted(plan.stories, "story", "stories")} no number of readers shows that accuracy overall, on human and on machine stories lies within the margin of ${declaredPercent(test.margin)} with probability ${declaredPercent(wanted)}${truth}`;
  const fewest = storiesNeeded(plan, test, wanted);
  if (fewest === undefined) return `${begin}, nor do 10,000 stories.`;
  const ample = 2 * fewest;
  const readers = readersNeeded(withStories(plan, ample), test, wanted);
  const then =
    readers === undefined ? "" : `, and with ${ample} some ${printed(readers, "integer")} readers do`;
  return `${begin}: it takes at least ${fewest} stories, half of them human${then}.`;
}

/** Where titles, classes or forms are too few for any verdict; undefined where they are not. */
function sayTooFewClusters({ titles, groups }: PlanWithoutReaders): string | undefined {
  const few = [
    { count: titles, noun: "title" },
    { count: groups?.count, noun: groups?.hold === "all" ? "form" : "class" },
  ].find(({ count }) => count !== undefined && count < fewestClusters);
  if (!few) return undefined;
  const plural = few.noun === "class" ? "classes" : `${few.noun}s`;
  return `${counted(few.count!, few.noun, plural)} ${few.count === 1 ? "is" : "are"} too few for a verdict, however many readers you ask: it takes at least ${fewestClusters} to know how much ${plural} differ.`;
}

/** The same of a study's design, for readers and stories that differ as they usually do. */
export const sayTooFewFor = (design: PlannedDesign, test: Test): string | undefined =>
  sayTooFewStories(usualPlan(design), test, usualPower);

/** A plan for readers and stories that differ as they usually do, and who cannot tell. */
export const usualPlan = (design: PlannedDesign): PlanWithoutReaders => ({
  ...design,
  variances: { ...usualSpread, ...usualClusters },
  humanAccuracy: 0.5,
  machineAccuracy: 0.5,
});
