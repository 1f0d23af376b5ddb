import { groupedBy } from "../study/groups.ts";
import type { Data } from "./data.ts";

/**
 * The number of readers who finished their form, which the planned end and the survey's quota count: readers who left
 * half-way do not count, excluded readers do. In a table without form files, a reader has finished
 * if no other reader of the form gave more answers.
 */
export const finishedReaders = (data: Data): number => readersWhoFinished(data).size;

/** The readers who finished their form. */
export function readersWhoFinished(data: Data): ReadonlySet<string> {
  const before = data.excluded?.before ?? data;
  const { choices, toldChoices = [], pairs, ratings, picks = [], preferences = [], forms } = before;
  // Readers who finished may differ in how many of these they answered.
  const required = [...ratings, ...picks, ...preferences].filter(
    ({ task }) => !before.optionalTasks?.has(task),
  );
  const asked = new Map(forms.map(({ id, choices: stories }) => [id, stories]));
  const byForm = groupedBy([...choices, ...toldChoices, ...pairs, ...required], ({ form }) => form);
  const finished = [...byForm].flatMap(([form, own]) => {
    const byReader = [...groupedBy(own, ({ participant }) => participant)];
    const mostAnswers = byReader.reduce(
      (most, [, { length }]) => Math.max(most, length),
      asked.get(form) ?? 0,
    );
    return byReader.filter(([, { length }]) => length === mostAnswers).map(([participant]) => participant);
  });
  return new Set(finished);
}
