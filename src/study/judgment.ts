import { z } from "zod";

/**
 * One answer of one participant to one question: a row of `judgments/judgments.csv`.
 * `response` is what the task's schema lets through; its main field is always called `answer`.
 * `order` counts from 1 in the order shown; `ms` is reading and answering time where a browser measured it.
 * `side` is where the second stimulus of the form's pair stood (`left` or `right`), for pairs alone.
 */
export const Judgment = z.strictObject({
  participant: z.string().min(1),
  form: z.string(),
  question: z.string(),
  task: z.string(),
  stimuli: z.array(z.string()).max(2),
  order: z.int().positive(),
  side: z.enum(["left", "right"]).optional(),
  ms: z.number().nonnegative().optional(),
  at: z.string(),
  simulated: z.boolean(),
  response: z.looseObject({ answer: z.union([z.string(), z.number()]) }),
});
export type Judgment = Readonly<z.infer<typeof Judgment>>;
