import { z } from "zod";

/**
 * A question: a task and the stimuli that it shows (one, or two side by side in the order left, right; none for a task
 * such as demographics). `id` is random.
 */
export const Question = z.strictObject({
  id: z.string().min(1),
  task: z.string().min(1),
  stimuli: z.array(z.string()).max(2),
});
export type Question = Readonly<z.infer<typeof Question>>;

/** A set of questions that one participant answers: `forms/<id>.json`. The order is drawn for each participant. */
export const Form = z.strictObject({
  id: z.string().min(1),
  questions: z.array(Question).min(1),
});
export type Form = Readonly<z.infer<typeof Form>>;
