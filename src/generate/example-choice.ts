import type { Random } from "../stats/random.ts";
import type { Story } from "../study/story.ts";
import type { Control } from "./controls.ts";

/** A way to choose example stories for titles. Each is one file in `examples/` and one line in `examples.ts`. */
export interface ExampleChoice {
  readonly name: string;
  readonly summary: string;
  /**
   * Returns `count` different stories for each title, in the order of the titles. `pools[i]` are the stories that may
   * be shown with `titles[i]`, never its own. A choice may depend only on earlier titles, so that more titles do not
   * change it.
   */
  choose(request: ChoiceRequest, random: Random): Story[][];
}

export interface ChoiceRequest {
  readonly titles: readonly Story[];
  readonly pools: readonly (readonly Story[])[];
  readonly count: number;
  /** Stories in `generate.exampleStories`, by id or title. */
  readonly named: readonly string[];
  /** What is requested beyond the title. */
  readonly control: Control;
}

/** All stories of the pools, without repetitions. */
export const allOf = (pools: ChoiceRequest["pools"]): Story[] => [
  ...new Map([...new Set(pools)].flat().map((story) => [story.id, story])).values(),
];

/** Whether a story is in a pool. Titles share pools, so each becomes a set once. */
export function membersOf(pools: ChoiceRequest["pools"]): (at: number) => ReadonlySet<Story> {
  const sets = new Map([...new Set(pools)].map((pool) => [pool, new Set(pool)]));
  return (at) => sets.get(pools[at]!)!;
}

/** The `count` stories with the lowest value, the lowest first; of equal ones the earlier. */
export function lowest(stories: readonly Story[], count: number, measure: (story: Story) => number): Story[] {
  const found: { readonly story: Story; readonly value: number }[] = [];
  for (const story of stories) {
    const value = measure(story);
    if (found.length >= count && !(value < found.at(-1)!.value)) continue;
    const position = found.findLastIndex((one) => one.value <= value) + 1;
    found.splice(position, 0, { story, value });
    if (found.length > count) found.pop();
  }
  return found.map(({ story }) => story);
}
