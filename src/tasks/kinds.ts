import { z } from "zod";

export type Answer = { readonly answer: string | number } & Readonly<Record<string, unknown>>;

export type Origin = "human" | "machine";

/** How many stories a question of each kind shows. */
export const storiesShown = {
  /** One of several answers to one story. */
  choice: 1,
  /** The left or the right one of two stories. */
  pair: 2,
  /** A number on a scale for one story. */
  rating: 1,
  /** An instruction that shows whether questions are read; it comes between the stories. */
  check: 0,
  /** The participant's own words, after the stories. */
  text: 0,
  /** Questions about the participants themselves, after the stories. */
  about: 0,
} as const;

export type TaskKind = keyof typeof storiesShown;

/** What has to be known of a task to sort its answers: a package's settings.json says it of each of its tasks. */
export const TaskFacts = z.object({
  kind: z.enum(Object.keys(storiesShown) as TaskKind[]),
  /** Whether the answer says who wrote a story: `human` or `machine` (choice), the side of the human one (pair). */
  asksOrigin: z.boolean(),
  /** For a check: the answer that shows that the question was read. */
  rightAnswer: z.string().optional(),
});
export type TaskFacts = Readonly<z.infer<typeof TaskFacts>>;
