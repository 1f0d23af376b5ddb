import { z } from "zod";

export type { Origin } from "../stats/judgments.ts";

export type Answer = { readonly answer: string | number } & Readonly<Record<string, unknown>>;

/** The number of stories that a question of each kind shows. */
export const storiesShown = {
  /** One of several answers to one story. */
  choice: 1,
  /** A choice between the left and the right story of a pair, or `tie`. */
  pair: 2,
  /** A number on a scale for one story. */
  rating: 1,
  /** An attention check, between the stories. */
  check: 0,
  /** Free text, after the stories; with `stories`, about one or two of them. */
  text: 0,
  /** Questions about the participants themselves, after the stories. */
  about: 0,
} as const;

export type TaskKind = keyof typeof storiesShown;

/** The properties of a task that are needed to analyse its answers; the settings.json of a data package has them for each task. */
export const TaskProperties = z.object({
  kind: z.enum(Object.keys(storiesShown) as TaskKind[]),
  /** Whether the answer says who wrote a story: `human` or `machine` (choice), the side of the human one (pair). */
  asksOrigin: z.boolean(),
  /** For a check: the answer that passes it. */
  rightAnswer: z.string().optional(),
  /** Whether a reader who finished may have given no answer: it can be skipped, or is asked after certain answers only. */
  optional: z.literal(true).optional(),
});
export type TaskProperties = Readonly<z.infer<typeof TaskProperties>>;
