import type { Origin } from "../stats/judgments.ts";
import type { Stimulus } from "../study/stimulus.ts";
import { taskNamed } from "../tasks/tasks.ts";
import type { Revealed } from "./participant-pages.ts";
import type { GivenAnswers, Plan } from "./survey-plan.ts";

/** Every story of a plan with who wrote it, in the order shown, and what the participant answered about that. */
export function revealedTo(
  plan: Plan,
  answers: GivenAnswers,
  origins: ReadonlyMap<string, Origin>,
  stimuli: ReadonlyMap<string, Stimulus>,
): Revealed[] {
  const said = new Map<string, Origin>();
  for (const { question, task, stimuli: shown } of plan) {
    const { asksOrigin = false } = taskNamed(task) ?? {};
    const answer = answers.get(question)?.["answer"];
    if (!asksOrigin) continue;
    for (const [at, id] of shown.entries()) {
      if (shown.length === 1 && isOrigin(answer)) said.set(id, answer);
      if (shown.length === 2) said.set(id, (answer === "left") === (at === 0) ? "human" : "machine");
    }
  }
  return [...new Set(plan.flatMap(({ stimuli: shown }) => shown))].flatMap((id) => {
    const [stimulus, origin] = [stimuli.get(id), origins.get(id)];
    return stimulus && origin ? [{ stimulus, origin, said: said.get(id) }] : [];
  });
}

const isOrigin = (answer: unknown): answer is Origin => answer === "human" || answer === "machine";

/** The number of right answers, of those that can be right or wrong; `chance` is the expected number by guessing. */
export function participantScore(
  plan: Plan,
  answers: GivenAnswers,
  origins: ReadonlyMap<string, Origin>,
): { right: number; count: number; chance: number } | undefined {
  const scores = plan.flatMap(({ question, task, stimuli }) => {
    const response = answers.get(question);
    const shown = stimuli.flatMap((id) => origins.get(id) ?? []);
    const score = response && shown.length > 0 ? taskNamed(task)?.score(response as never, shown) : undefined;
    return score === undefined ? [] : [score];
  });
  if (scores.length === 0) return undefined;
  return {
    right: scores.filter((score) => score === 1).length,
    count: scores.length,
    chance: scores.length / 2,
  };
}
