import type { StudyConfig } from "../study/config.ts";
import type { Task, When } from "../tasks/task.ts";
import { taskNamed } from "../tasks/tasks.ts";
import type { GivenAnswers, Plan, PlannedQuestion } from "./survey-plan.ts";

/** Whether the questions about a story share a page (`survey.pages`). */
export type Pages = StudyConfig["survey"]["pages"];

/** A page of the survey: consecutive questions of a plan. `first` is the position of its first question, from 1. */
export interface QuestionPage {
  readonly first: number;
  readonly questions: readonly PlannedQuestion[];
}

/**
 * The pages of a plan. With `story`, consecutive questions about the same story or pair share a page, and so do questions
 * to participants; with `question`, only the rows of a matrix. A question that depends on an answer is on a later page
 * than that answer.
 */
export function pagesOf(plan: Plan, pages: Pages): readonly QuestionPage[] {
  const known = pagesCache.get(plan) ?? {};
  pagesCache.set(plan, known);
  known[pages] ??= pagesFrom(plan, pages);
  return known[pages];
}

/** Plans are cached, and every request needs their pages. */
const pagesCache = new WeakMap<Plan, { [Mode in Pages]?: readonly QuestionPage[] }>();

function pagesFrom(plan: Plan, pages: Pages): QuestionPage[] {
  const all: { first: number; questions: PlannedQuestion[] }[] = [];
  for (const [at, question] of plan.entries()) {
    const last = all.at(-1);
    if (last && sharePage(last.questions, question, pages)) last.questions.push(question);
    else all.push({ first: at + 1, questions: [question] });
  }
  return all;
}

function sharePage(before: readonly PlannedQuestion[], next: PlannedQuestion, pages: Pages): boolean {
  const [first] = before;
  if (first!.stimuli.join(" ") !== next.stimuli.join(" ")) return false;
  const [task, other] = [taskNamed(next.task), taskNamed(before.at(-1)!.task)];
  if (!task || !other || (task.when && before.some((one) => one.task === task.when!.task))) return false;
  const isRow = task.group !== undefined && task.group === other.group;
  if (pages === "question") return isRow;
  if (next.stimuli.length > 0 || isRow) return true;
  return task.kind === "about" && other.kind === "about" && task.place === other.place;
}

/** The number of the page with this position of the plan; of the last page beyond its end. */
export const pageAt = (pages: readonly QuestionPage[], position: number): number =>
  pages.filter(({ first }) => first <= position).length;

/** The questions on later pages about any of this page's stories. */
export function laterAboutItsStories(
  pages: readonly QuestionPage[],
  number: number,
): readonly PlannedQuestion[] {
  const { stimuli } = pages[number - 1]!.questions[0]!;
  return pages
    .slice(number)
    .flatMap(({ questions }) => questions)
    .filter((question) => question.stimuli.some((id) => stimuli.includes(id)));
}

/** Whether any question of the plan depends on an earlier answer. */
export const hasConditions = (plan: Plan): boolean =>
  plan.some(({ task }) => taskNamed(task)?.when !== undefined);

/** Whether a question of the plan is asked after these answers. */
export function isAsked(plan: Plan, question: PlannedQuestion, answers: GivenAnswers): boolean {
  const when = taskNamed(question.task)?.when;
  if (!when) return true;
  const earlier = plan.find(
    ({ task, stimuli }) =>
      task === when.task && (stimuli.length === 0 || stimuli.join(" ") === question.stimuli.join(" ")),
  );
  return earlier !== undefined && meets(when, taskNamed(earlier.task), answers.get(earlier.question));
}

function meets(
  { item, is }: When,
  task: Task | undefined,
  response: Readonly<Record<string, unknown>> | undefined,
): boolean {
  if (!response) return false;
  // The answer to a question about the participant is in the field with its name.
  const field = item === "answer" && task?.kind === "about" ? (task.plainItems()[0]?.name ?? item) : item;
  const given = response[field];
  return (
    given !== undefined &&
    String(given)
      .split("|")
      .some((value) => is.includes(value))
  );
}
