import type { Random } from "../../stats/random.ts";
import type { Story } from "../../study/story.ts";
import { textSpace } from "../../text/similarity.ts";
import { type Asked, allOf, type ExampleChoice } from "../example-choice.ts";

/** The stories that have the most to do with the title, by their words: these leak the most into what is written. */
export const nearest: ExampleChoice = {
  name: "nearest",
  summary: "the most like the title",
  choose: (asked, random) => ranked(asked, random, (likeness) => -likeness),
};

/** The stories that have the least to do with the title. */
export const farthest: ExampleChoice = {
  name: "farthest",
  summary: "the least like the title",
  choose: (asked, random) => ranked(asked, random, (likeness) => likeness),
};

/**
 * Examples that differ: each is the story that is least like any shown before it (farthest-first traversal,
 * Gonzalez 1985), from one title to the next too.
 */
export const diverse: ExampleChoice = {
  name: "diverse",
  summary: "as unlike each other as can be",
  choose({ titles, pools, count }, random) {
    const all = allOf(pools);
    const space = textSpace(all.map(({ text }) => text));
    let left = random.shuffle(all);
    let rounds = 0;
    let likeness = new Map<Story, number>();
    const next = (allowed: readonly Story[]): Story => {
      const open = left.filter((story) => allowed.includes(story));
      if (open.length === 0) {
        [left, likeness] = [random.fork("round", ++rounds).shuffle(all), new Map()];
        return next(allowed);
      }
      const level = (story: Story) => likeness.get(story) ?? 0;
      const chosen = open.reduce((best, story) => (level(story) < level(best) ? story : best));
      left = left.filter((story) => story !== chosen);
      for (const story of left) {
        likeness.set(story, Math.max(level(story), space.similarity(story.text, chosen.text)));
      }
      return chosen;
    };
    return titles.map((_, at) => {
      const shown: Story[] = [];
      while (shown.length < count) shown.push(next(pools[at]!.filter((story) => !shown.includes(story))));
      return shown;
    });
  },
};

/** Stories of least badness first; ties by lot, for most stories have nothing at all to do with a title. */
function ranked(
  { titles, pools, count }: Asked,
  random: Random,
  badness: (likeness: number) => number,
): Story[][] {
  const space = textSpace(allOf(pools).map(({ text }) => text));
  return titles.map(({ id, title }, at) => {
    const lots = random.fork(id).shuffle(pools[at]!);
    const marks = new Map(
      lots.map((story) => [story, badness(space.similarity(title, `${story.title} ${story.text}`))]),
    );
    return lots.sort((one, other) => marks.get(one)! - marks.get(other)!).slice(0, count);
  });
}
