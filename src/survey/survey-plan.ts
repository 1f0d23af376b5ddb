import { z } from "zod";
import type { Random } from "../stats/random.ts";
import type { Form, Question } from "../study/form.ts";
import { taskNamed } from "../tasks/tasks.ts";

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
 * The way of one participant through a form. Stories come in random order, several questions about the same story
 * together and in the form's order, attention checks between the stories, other questions after them. A pair of a
 * story that also stands alone comes after all that is not read twice, so that it spoils no other answer. Half of the
 * pairs (to within one) are turned round, so that each participant finds the form's first text as often on the
 * left as on the right.
 */
export function planOf(form: Form, random: Random): Plan {
  const ordered = orderedQuestions(form.questions, random);
  const pairs = ordered.filter(({ stimuli }) => stimuli.length === 2).length;
  const firstTurned = random.integer(0, 1);
  const turns = random.shuffle(Array.from({ length: pairs }, (_, at) => (at + firstTurned) % 2 === 0));
  return ordered.map((question) =>
    question.stimuli.length === 2 ? pair(question, turns.pop() ?? false) : single(question),
  );
}

function orderedQuestions(questions: readonly Question[], random: Random): Question[] {
  const { stories, again, between, last } = planParts(questions, ({ stimuli }) => stimuli);
  const inOrder = random.shuffle([...stories, ...again]);
  const shuffled = [
    ...inOrder.filter((group) => stories.includes(group)),
    ...inOrder.filter((group) => again.includes(group)),
  ];
  for (const question of between) {
    // After the first story and before the last one, where there are as many.
    shuffled.splice(random.integer(Math.min(1, shuffled.length), Math.max(1, shuffled.length - 1)), 0, [
      question,
    ]);
  }
  return [...shuffled.flat(), ...last];
}

/** The questions of a form by where they may come: those about one story or pair together, in the form's order. */
export function planParts<Asked extends { readonly task: string }>(
  questions: readonly Asked[],
  idsOf: (question: Asked) => readonly string[],
) {
  const about = (question: Asked) => idsOf(question).join(" ");
  const aboutTexts = questions.filter((question) => idsOf(question).length > 0);
  const groups = [...new Set(aboutTexts.map(about))].map((stimuli) =>
    aboutTexts.filter((question) => about(question) === stimuli),
  );
  const alone = new Set(
    aboutTexts
      .map(idsOf)
      .filter(({ length }) => length === 1)
      .flat(),
  );
  const isAgain = ([first]: readonly Asked[]) => {
    const ids = idsOf(first!);
    return ids.length === 2 && ids.some((id) => alone.has(id));
  };
  const without = questions.filter((question) => idsOf(question).length === 0);
  return {
    stories: groups.filter((group) => !isAgain(group)),
    /** Pairs of stories that stand alone as well: after all that is not read twice. */
    again: groups.filter(isAgain),
    between: without.filter(isBetween),
    last: without.filter((question) => !isBetween(question)),
  };
}

const isBetween = ({ task }: { readonly task: string }): boolean => taskNamed(task)?.place === "between";

const single = ({ id, task, stimuli }: Question): PlannedQuestion => ({ question: id, task, stimuli });

const pair = ({ id, task, stimuli }: Question, turned: boolean): PlannedQuestion => ({
  question: id,
  task,
  stimuli: turned ? [...stimuli].reverse() : stimuli,
  side: turned ? "left" : "right",
});
