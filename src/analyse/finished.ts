import { groupedBy } from "../study/groups.ts";
import type { Data } from "./data.ts";

/**
 * How many readers went through their form to its end, which is what a planned end and the survey's quota count: who
 * left half-way takes no place of those planned, and whose answers a declared rule leaves out had one. A table tells of
 * a form only through what was answered on it; there, who answered as much as any did has finished.
 */
export const finishedReaders = (data: Data): number => readersWhoFinished(data).size;

/** Who they are. */
export function readersWhoFinished(data: Data): ReadonlySet<string> {
  const { choices, pairs, ratings, forms } = data.excluded?.before ?? data;
  const asked = new Map(forms.map(({ id, choices: stories }) => [id, stories]));
  const byForm = groupedBy([...choices, ...pairs, ...ratings], ({ form }) => form);
  const finished = [...byForm].flatMap(([form, own]) => {
    const byReader = [...groupedBy(own, ({ participant }) => participant)];
    const whole = byReader.reduce((most, [, { length }]) => Math.max(most, length), asked.get(form) ?? 0);
    return byReader.filter(([, { length }]) => length === whole).map(([participant]) => participant);
  });
  return new Set(finished);
}
