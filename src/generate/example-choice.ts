import type { Random } from "../stats/random.ts";
import type { Story } from "../study/story.ts";
import type { Control } from "./controls.ts";

/**
 * How example stories are chosen for a title. One file in `examples/` each, one line in `examples.ts`.
 */
export interface ExampleChoice {
  readonly name: string;
  readonly summary: string;
  /**
   * `count` different stories for each title, in the order of the titles. `pools[i]` holds what may be shown with
   * `titles[i]`, never its own story. A title's own choice may depend only on the titles before it, so that
   * more titles change no choice.
   */
  choose(asked: Asked, random: Random): Story[][];
}

export interface Asked {
  readonly titles: readonly Story[];
  readonly pools: readonly (readonly Story[])[];
  readonly count: number;
  /** Stories that the study names, by id or title. */
  readonly named: readonly string[];
  /** What is asked for beyond the title. */
  readonly control: Control;
}

/** Every story that may be shown with some title, once. */
export const allOf = (pools: Asked["pools"]): Story[] => [
  ...new Map(pools.flat().map((story) => [story.id, story])).values(),
];
