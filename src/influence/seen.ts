import type { Random } from "../stats/random.ts";
import type { Generation } from "../study/generation.ts";
import type { Story } from "../study/story.ts";

/** A balanced factorial: every title under every example, so many draws each. */
export interface Seen {
  readonly titles: readonly Story[];
  readonly examples: readonly Story[];
  readonly draws: number;
  readonly texts: readonly Generation[];
  /** Titles that lack a text under some example. */
  readonly leftOut: number;
  readonly topics: number;
  readonly permutations: number;
  readonly random: Random;
}
