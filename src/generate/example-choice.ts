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
  ...new Map(pools.flat().map((story) => [story.id, story])).values(),
];
