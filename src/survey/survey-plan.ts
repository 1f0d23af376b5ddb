import { z } from "zod";
import type { Random } from "../stats/random.ts";
import type { Form, Question } from "../study/form.ts";
import { taskNamed } from "../tasks/tasks.ts";

/** A question of one participant: the stimuli in the order shown; `side` is the position of the form's second one. */
export const PlannedQuestion = z.strictObject({
  question: z.string(),
  task: z.string(),
  stimuli: z.array(z.string()),
  side: z.enum(["left", "right"]).optional(),
  /** The condition in which the stories are read, and what is written above the story about its author. */
  condition: z.string().optional(),
  told: z.string().optional(),
});
export type PlannedQuestion = Readonly<z.infer<typeof PlannedQuestion>>;
export const Plan = z.array(PlannedQuestion).min(1);
export type Plan = readonly PlannedQuestion[];

/** A participant's responses by question. */
export type GivenAnswers = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/**
 * The order of one participant's questions. Questions to participants come first or last; stories come in random order;
 * questions about the same story stay together in the form's order, with `originLast` those about its author last;
 * attention checks come between stories, other questions at the end. A pair with a story that is
 * also shown alone comes after all other stories, so that it cannot influence their answers. The sides are
 * counterbalanced: half of a participant's pairs (to within one) are swapped.
 */
export function planOf(form: Form, random: Random, { originLast = false } = {}): Plan {
  const ordered = orderedQuestions(form.questions, random, originLast ? originLastIn : (group) => group);
  const pairs = [...new Set(ordered.filter(isPair).map(keyOf))];
  const firstSwapped = random.integer(0, 1);
  const swaps = random.shuffle(pairs.map((_, at) => (at + firstSwapped) % 2 === 0));
  // All questions about a pair have it in the same order.
  const swapped = new Map(pairs.map((key) => [key, swaps.pop()!]));
  return ordered.map((question) =>
    isPair(question) ? pair(question, swapped.get(keyOf(question))!) : single(question),
  );
}

const isPair = ({ stimuli }: Question): boolean => stimuli.length === 2;
const keyOf = ({ stimuli }: Question): string => stimuli.join(" ");

/** With questions about a story's author, and those that depend on them, after all others. */
function originLastIn(questions: readonly Question[]): readonly Question[] {
  const isAboutOrigin = (name: string): boolean => {
    const { asksOrigin = false, when } = taskNamed(name) ?? {};
    return asksOrigin || (when !== undefined && isAboutOrigin(when.task));
  };
  return [
    ...questions.filter(({ task }) => !isAboutOrigin(task)),
    ...questions.filter(({ task }) => isAboutOrigin(task)),
  ];
}

function orderedQuestions(
  questions: readonly Question[],
  random: Random,
  inOrder: (group: readonly Question[]) => readonly Question[],
): Question[] {
  const { first, stories, reread, between, last } = planParts(questions, ({ stimuli }) => stimuli);
  const groups = random.shuffle([...stories, ...reread]);
  const shuffled: (readonly Question[])[] = [
    ...groups.filter((group) => stories.includes(group)),
    ...groups.filter((group) => reread.includes(group)),
  ].map(inOrder);
  for (const question of between) {
    // After the first story and before the last one, if there are two or more.
    shuffled.splice(random.integer(Math.min(1, shuffled.length), Math.max(1, shuffled.length - 1)), 0, [
      question,
    ]);
  }
  return [...first, ...shuffled.flat(), ...last];
}

/** The questions of a form by their part of the plan; those about one story or pair together, in the form's order. */
export function planParts<AskedQuestion extends { readonly task: string }>(
  questions: readonly AskedQuestion[],
  idsOf: (question: AskedQuestion) => readonly string[],
) {
  const about = (question: AskedQuestion) => idsOf(question).join(" ");
  const aboutTexts = questions.filter((question) => idsOf(question).length > 0);
  const groups = [...new Set(aboutTexts.map(about))].map((stimuli) =>
    aboutTexts.filter((question) => about(question) === stimuli),
  );
  const shownAlone = new Set(
    aboutTexts
      .map(idsOf)
      .filter(({ length }) => length === 1)
      .flat(),
  );
  const isReread = ([first]: readonly AskedQuestion[]) => {
    const ids = idsOf(first!);
    return ids.length === 2 && ids.some((id) => shownAlone.has(id));
  };
  const withoutStory = questions.filter((question) => idsOf(question).length === 0);
  return {
    stories: groups.filter((group) => !isReread(group)),
    /** Pairs with a story that is also shown alone: after all other stories. */
    reread: groups.filter(isReread),
    first: withoutStory.filter((question) => placeOf(question) === "first"),
    between: withoutStory.filter((question) => placeOf(question) === "between"),
    last: withoutStory.filter((question) => placeOf(question) === "last"),
  };
}

const placeOf = ({ task }: { readonly task: string }) => taskNamed(task)?.place ?? "last";

const single = ({ id, ...question }: Question): PlannedQuestion => ({ question: id, ...question });

const pair = ({ id, stimuli, ...question }: Question, swapped: boolean): PlannedQuestion => ({
  question: id,
  ...question,
  stimuli: swapped ? [...stimuli].reverse() : stimuli,
  side: swapped ? "left" : "right",
});
