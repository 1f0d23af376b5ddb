import { z } from "zod";

/**
 * One answer of one participant to one question: a row of `judgments/judgments.csv`. `response` has the fields that the
 * task's schema accepts; its main field is always `answer`. `order` counts from 1 in the order shown; `ms` is the
 * reading and answering time, if a browser measured it. `side` is the position of the second stimulus of the form's pair
 * (`left` or `right`), only for pairs.
 */
export const Judgment = z.strictObject({
  participant: z.string().min(1),
  form: z.string(),
  question: z.string(),
  task: z.string(),
  stimuli: z.array(z.string()).max(2),
  order: z.int().positive(),
  side: z.enum(["left", "right"]).optional(),
  /** The condition in which the stories were read, in a study with several. */
  condition: z.string().optional(),
  /** What was written above the story about its author: `human`, `machine` or a name. */
  told: z.string().optional(),
  ms: z.number().nonnegative().optional(),
  at: z.string(),
  simulated: z.boolean(),
  response: z.looseObject({ answer: z.union([z.string(), z.number()]) }),
});
export type Judgment = Readonly<z.infer<typeof Judgment>>;
