import { groupedBy } from "../study/groups.ts";
import type { Data } from "./data.ts";

/**
 * How many readers went through their form to its end, which is what a planned end and the survey's quota count: who
 * left half-way takes no place of those planned, and whose answers a declared rule leaves out had one. A table tells of
 * a form only through what was answered on it; there, who answered as much as any did has finished.
 */
export function finishedReaders(data: Data): number {
  const { choices, pairs, ratings, forms } = data.excluded?.before ?? data;
  const asked = new Map(forms.map(({ id, choices: stories }) => [id, stories]));
  const byForm = groupedBy([...choices, ...pairs, ...ratings], ({ form }) => form);
  return [...byForm].reduce((sum, [form, own]) => {
    const counts = [...groupedBy(own, ({ participant }) => participant).values()].map(({ length }) => length);
    const whole = Math.max(asked.get(form) ?? 0, ...counts);
    return sum + counts.filter((count) => count === whole).length;
  }, 0);
}
