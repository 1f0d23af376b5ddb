import type { Origin } from "../stats/judgments.ts";
import { type Generation, modelName, selectedAttempts } from "../study/generation.ts";
import type { Story } from "../study/story.ts";

/** A text to describe, by a person or a model. */
export interface Text {
  /** The id of the story or generation. */
  readonly id: string;
  readonly origin: Origin;
  /** The name of the model that wrote it; empty for a person's text. */
  readonly model: string;
  /** The id of the corpus story with this title; its own id for a person's text. */
  readonly story: string;
  readonly title: string;
  readonly text: string;
  /** Texts of the stories that the model was shown. */
  readonly examples: readonly string[];
  /**
   * Whether it may be shown to readers: a person's text, or the selected attempt at a title. Other attempts are not
   * used.
   */
  readonly selected: boolean;
}

/** All stories, then all generations that have a text. */
export function textsOf(stories: readonly Story[], generations: readonly Generation[]): Text[] {
  const byId = new Map(stories.map((story) => [story.id, story]));
  const selected = new Set(selectedAttempts(generations));
  return [
    ...stories.map(
      ({ id, title, text }): Text => ({
        id,
        origin: "human",
        model: "",
        story: id,
        title,
        text,
        examples: [],
        selected: true,
      }),
    ),
    ...generations
      .filter(({ text }) => text.trim() !== "")
      .map(
        (generation): Text => ({
          id: generation.id,
          origin: "machine",
          model: modelName(generation),
          story: generation.story,
          title: generation.title,
          text: generation.text,
          examples: generation.examples.flatMap((example) => byId.get(example)?.text ?? []),
          selected: selected.has(generation),
        }),
      ),
  ];
}
