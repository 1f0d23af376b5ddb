import { groupedBy } from "../study/groups.ts";
import type { Judgment } from "../study/judgment.ts";
import type { Key, Stimulus } from "../study/stimulus.ts";

/** A story as readers saw it, and what they said of it. */
export interface StoryRead {
  readonly id: string;
  /** The text that it was cut from: the story of the corpus, or the generation. */
  readonly source: string;
  readonly title: string;
  readonly text: string;
  readonly origin: Key["origin"];
  readonly model: string;
  readonly forms: readonly string[];
  readonly judgments: number;
  readonly saidHuman: number;
  readonly right: number;
  /** What readers typed, with what they had answered. */
  readonly reasons: readonly { readonly answer: string; readonly reason: string }[];
}

/** Every story that was shown, by form and origin; those that readers misjudged most come first within all. */
export function storiesRead(
  stimuli: readonly Stimulus[],
  key: ReadonlyMap<string, Key>,
  formsOf: ReadonlyMap<string, readonly string[]>,
  judgments: readonly Judgment[],
): StoryRead[] {
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

/** Stories that nobody judged stand last. */
const shareRight = ({ right, judgments }: StoryRead): number => (judgments === 0 ? 2 : right / judgments);

/** Where a text stands in the report, by every id that it goes by: the stimulus's, and that of what it was cut from. */
export type Places = ReadonlyMap<string, string>;

export const placesOf = (stories: readonly StoryRead[]): Places =>
  new Map(stories.flatMap(({ id, source }) => [[source, id] as const, [id, id] as const]));
