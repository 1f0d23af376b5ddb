import { groupedBy } from "../study/groups.ts";
import type { Judgment } from "../study/judgment.ts";
import type { Key, Stimulus } from "../study/stimulus.ts";

/** A story as shown, with its judgments. */
export interface ReportStory {
  readonly id: string;
  /** The id of the full text: the story of the corpus, or the generation. */
  readonly source: string;
  readonly title: string;
  readonly text: string;
  readonly origin: Key["origin"];
  readonly model: string;
  readonly forms: readonly string[];
  readonly judgments: number;
  readonly saidHuman: number;
  readonly right: number;
  /** Readers' reasons, with their answers. */
  readonly reasons: readonly { readonly answer: string; readonly reason: string }[];
}

/** All stories shown, those with the fewest right answers first. */
export function reportStories(
  stimuli: readonly Stimulus[],
  key: ReadonlyMap<string, Key>,
  formsOf: ReadonlyMap<string, readonly string[]>,
  judgments: readonly Judgment[],
): ReportStory[] {
  const choices = judgments.filter(
    ({ stimuli: shown, response: { answer } }) =>
      shown.length === 1 && (answer === "human" || answer === "machine"),
  );
  const byStory = groupedBy(choices, ({ stimuli: [id = ""] }) => id);
  const stories = stimuli.flatMap(({ id, title, text }) => {
    const entry = key.get(id);
    if (!entry) return [];
    const own = byStory.get(id) ?? [];
    return [
      {
        id,
        source: entry.generation || entry.story,
        title,
        text,
        origin: entry.origin,
        model: entry.model,
        forms: formsOf.get(id) ?? [],
        judgments: own.length,
        saidHuman: own.filter(({ response }) => response.answer === "human").length,
        right: own.filter(({ response }) => response.answer === entry.origin).length,
        reasons: own.flatMap(({ response: { answer, reason } }) =>
          typeof reason === "string" && reason !== "" ? [{ answer: String(answer), reason }] : [],
        ),
      },
    ];
  });
  return stories.sort(
    (one, other) => shareRight(one) - shareRight(other) || (one.title < other.title ? -1 : 1),
  );
}

/** Stories without judgments come last. */
const shareRight = ({ right, judgments }: ReportStory): number => (judgments === 0 ? 2 : right / judgments);

/** The stimulus in the report for an id: of the stimulus itself, or of its full text. */
export type StoryLinks = ReadonlyMap<string, string>;

export const storyLinksOf = (stories: readonly ReportStory[]): StoryLinks =>
  new Map(stories.flatMap(({ id, source }) => [[source, id] as const, [id, id] as const]));
