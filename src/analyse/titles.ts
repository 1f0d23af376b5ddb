import { groupedBy } from "../study/groups.ts";
import type { Origin } from "./data.ts";

interface TitledAnswer {
  readonly stimulus: string;
  readonly origin: Origin;
  readonly title: string;
}

/**
 * The title of each answer's story, if human and machine stories share titles; a story without a title is its own title.
 * Undefined if no title has stories of both origins.
 */
export function sharedTitles(answers: readonly TitledAnswer[]): string[] | undefined {
  const titled = answers.filter(({ title }) => title !== "");
  const shared = [...groupedBy(titled, ({ title }) => title).values()].some(
    (own) => new Set(own.map(({ origin }) => origin)).size > 1,
  );
  return shared ? answers.map(({ title, stimulus }) => (title === "" ? `\n${stimulus}` : title)) : undefined;
}
