import { measureLabel } from "../measures/measure.ts";
import { measures } from "../measures/measures.ts";
import { binomialCdf } from "../stats/binomial.ts";
import type { Table } from "../study/finding.ts";
import { groupedBy } from "../study/groups.ts";
import { counted, printed } from "../study/print.ts";
import type { Data, StoryFacts } from "./data.ts";
import { surfaceFeatures } from "./surface.ts";

/** A story with its answers and its measures. */
export interface JudgedStory extends StoryFacts {
  readonly judgments: number;
  readonly saidHuman: number;
  readonly right: number;
  readonly measures: Readonly<Record<string, number>>;
  /** The measures that were taken of the whole text, and whether readers saw only its first part. */
  readonly wholeText: ReadonlySet<string>;
  readonly isClipped: boolean;
}

/** Each judged story with its measures; in a study also its surface features. */
export function judgedStories(data: Data): JudgedStory[] {
  const isClipped = data.study?.clip !== undefined && data.study.clip.clip !== "none";
  const texts = new Map(data.study?.stimuli.map((stimulus) => [stimulus.id, stimulus]));
  return [...groupedBy(data.choices, ({ stimulus }) => stimulus).values()].map((own) => {
    const { stimulus, origin, model, example, title } = own[0]!;
    const text = texts.get(stimulus);
    const described = labelled(data.measures.get(stimulus));
    return {
      stimulus,
      origin,
      model,
      example,
      title,
      judgments: own.length,
      saidHuman: own.filter(({ answer }) => answer === "human").length,
      right: own.filter((choice) => choice.right).length,
      measures: {
        ...(text && surfaceFeatures(text.text, text.title)),
        ...described,
      },
      wholeText: new Set(Object.keys(described)),
      isClipped,
    };
  });
}

/** Measures under the names of the report; a column of another table keeps its name. */
const labelled = (values: Readonly<Record<string, number>> = {}): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [labels.get(name) ?? name, value]));

const labels = new Map(measures.map((measure) => [measure.name, measureLabel(measure)]));

/** The minimum number of judgments for a story to stand out. */
const minJudgments = 5;

/** Stories with at least five judgments of which at least nine in ten agree. */
export function outstandingOf(stories: readonly JudgedStory[]): JudgedStory[] {
  return stories
    .filter(
      ({ judgments, right }) =>
        judgments >= minJudgments && (right / judgments >= 0.9 || right / judgments <= 0.1),
    )
    .sort((one, other) => one.right / one.judgments - other.right / other.judgments);
}

/** How many stories stand out, compared with how many would if readers guessed. */
export function outstandingText(
  outstanding: readonly JudgedStory[],
  stories: readonly JudgedStory[],
): string {
  const wrong = outstanding.filter(({ right, judgments }) => right / judgments < 0.5).length;
  const enough = stories.filter(({ judgments }) => judgments >= minJudgments);
  if (enough.length === 0)
    return `No story was judged by at least ${minJudgments} readers, so none can stand out.`;
  const byChance = enough.reduce(
    (sum, { judgments }) => sum + 2 * binomialCdf(Math.floor(judgments / 10), judgments, 0.5),
    0,
  );
  const chance = `; by guessing alone about ${printed(byChance, "number")} of the ${enough.length} stories with at least ${minJudgments} judgments would`;
  if (outstanding.length === 0) return `No story was judged the same way by nine in ten readers${chance}.`;
  return `At least nine in ten readers were right about ${counted(outstanding.length - wrong, "story", "stories")} and wrong about ${counted(wrong, "story", "stories")}${chance}.`;
}

/** The stories that stand out, one per row. */
export const outstandingTable = (stories: readonly JudgedStory[]): Table => ({
  columns: [
    { key: "stimulus", label: "Story", format: "text" },
    { key: "by", label: "Written by", format: "text" },
    { key: "judgments", label: "Judgments", format: "integer" },
    { key: "right", label: "Right", format: "percent" },
  ],
  rows: stories.map(({ stimulus, origin, model, judgments, right }) => ({
    stimulus,
    by: origin === "human" ? "a person" : model || "a machine",
    judgments,
    right: right / judgments,
  })),
});
