import { z } from "zod";
import type { Random } from "../stats/random.ts";
import type { Form, Question } from "../study/form.ts";

/** A question as one participant gets it: the stimuli in the order shown; `side` is where the form's second one stands. */
export const PlannedQuestion = z.strictObject({
  question: z.string(),
  task: z.string(),
  stimuli: z.array(z.string()),
  side: z.enum(["left", "right"]).optional(),
});
export type PlannedQuestion = Readonly<z.infer<typeof PlannedQuestion>>;
export const Plan = z.array(PlannedQuestion).min(1);
export type Plan = readonly PlannedQuestion[];

/**
 * The way of one participant through a form: its questions about texts in random order, then those about none.
 * Half of the pairs (to within one) are turned round, so that each participant finds the form's first text as
 * often on the left as on the right.
 */
export function planOf(form: Form, random: Random): Plan {
  const shuffled = random.shuffle(form.questions);
  const ordered = [
    ...shuffled.filter(({ stimuli }) => stimuli.length > 0),
    ...form.questions.filter(({ stimuli }) => stimuli.length === 0),
  ];
  const pairs = ordered.filter(({ stimuli }) => stimuli.length === 2).length;
  const firstTurned = random.integer(0, 1);
  const turns = random.shuffle(Array.from({ length: pairs }, (_, at) => (at + firstTurned) % 2 === 0));
  return ordered.map((question) =>
    question.stimuli.length === 2 ? pair(question, turns.pop() ?? false) : single(question),
  );
}

const single = ({ id, task, stimuli }: Question): PlannedQuestion => ({ question: id, task, stimuli });

const pair = ({ id, task, stimuli }: Question, turned: boolean): PlannedQuestion => ({
  question: id,
  task,
  stimuli: turned ? [...stimuli].reverse() : stimuli,
  side: turned ? "left" : "right",
});
