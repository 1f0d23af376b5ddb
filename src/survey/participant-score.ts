import type { Origin } from "../stats/judgments.ts";
import { taskNamed } from "../tasks/tasks.ts";
import type { GivenAnswers } from "./store/store.ts";
import type { Plan } from "./survey-plan.ts";

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
