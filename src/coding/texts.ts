import { countingAttempts, type Generation, modelName } from "../study/generation.ts";
import type { Story } from "../study/story.ts";

/** A text to describe, whoever wrote it. */
export interface Text {
  /** The story's or the generation's. */
  readonly id: string;
  readonly origin: "human" | "machine";
  /** The name of the model that wrote it; empty for a person's. */
  readonly model: string;
  /** The story of the corpus that has its title: itself for a person's. */
  readonly story: string;
  readonly title: string;
  readonly text: string;
  /** Texts of the stories that the model was shown. */
  readonly examples: readonly string[];
  /** Whether it may be read: a person's, or of the attempts at a title the one that counts. Others were set aside. */
  readonly counts: boolean;
}

/** Every story, then every generation that came to a text. */
export function textsOf(stories: readonly Story[], generations: readonly Generation[]): Text[] {
  const byId = new Map(stories.map((story) => [story.id, story]));
  const counting = new Set(countingAttempts(generations));
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
        counts: true,
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
          counts: counting.has(generation),
        }),
      ),
  ];
}
