import { z } from "zod";

/**
 * A question: a task and the stimuli that it shows (one, or two side by side in the order left, right; none for a task
 * such as demographics). `id` is random.
 */
export const Question = z.strictObject({
  id: z.string().min(1),
  task: z.string().min(1),
  stimuli: z.array(z.string()).max(2),
  /** The condition in which the stories are read, if the study has several. */
  condition: z.string().optional(),
  /** What is written above the story about its author: `human`, `machine` or a name. */
  told: z.string().optional(),
});
export type Question = Readonly<z.infer<typeof Question>>;

/** How the stories of a condition are read, beyond what is written above them. */
export const ReadingCondition = z.strictObject({
  name: z.string().min(1),
  /** Further paragraphs of the instructions. */
  instructions: z.array(z.string()),
  /** Whether participants see who wrote a story after their last answer about it. */
  feedback: z.boolean(),
  /** Whether stories are shown whole where they are otherwise cut. */
  whole: z.literal(true).optional(),
  /** Seconds until a story disappears. */
  seconds: z.int().positive().optional(),
});
export type ReadingCondition = Readonly<z.infer<typeof ReadingCondition>>;

/** A set of questions that one participant answers: `forms/<id>.json`. The order is drawn for each participant. */
export const Form = z.strictObject({
  id: z.string().min(1),
  /**
   * Which participants get it: those of one condition, or those with one assignment of the conditions to the stories.
   * Equally many participants get the forms of each group. Absent in a study without conditions.
   */
  group: z.string().optional(),
  conditions: z.array(ReadingCondition).optional(),
  /** Whether something untrue is written above one of its stories. Then participants have to be debriefed. */
  deceives: z.literal(true).optional(),
  questions: z.array(Question).min(1),
});
export type Form = Readonly<z.infer<typeof Form>>;

/** The condition of a question; undefined in a study without conditions. */
export const conditionOf = (
  { conditions = [] }: Pick<Form, "conditions">,
  { condition }: { readonly condition?: string | undefined },
): ReadingCondition | undefined => conditions.find(({ name }) => name === condition);
