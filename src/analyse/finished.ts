import { groupedBy } from "../study/groups.ts";
import type { Data } from "./data.ts";

/**
 * The number of readers who finished their form, which the planned end and the survey's quota count: readers who left
 * half-way do not count, excluded readers do. A table shows a form only through its answers; there a reader has finished
 * who answered as much as any other reader of the form.
 */
export const finishedReaders = (data: Data): number => readersWhoFinished(data).size;

/** The readers who finished their form. */
export function readersWhoFinished(data: Data): ReadonlySet<string> {
  const { choices, pairs, ratings, forms } = data.excluded?.before ?? data;
  const asked = new Map(forms.map(({ id, choices: stories }) => [id, stories]));
  const byForm = groupedBy([...choices, ...pairs, ...ratings], ({ form }) => form);
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
