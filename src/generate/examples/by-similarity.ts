import type { Random } from "../../stats/random.ts";
import type { Story } from "../../study/story.ts";
import { textSpace } from "../../text/similarity.ts";
import { allOf, type ChoiceRequest, type ExampleChoice, lowest, membersOf } from "../example-choice.ts";

/** The stories most similar to the title, by words: these leak most into the generated text. */
export const nearest: ExampleChoice = {
  name: "nearest",
  summary: "most similar to the title",
  choose: (request, random) => ranked(request, random, (similarity) => -similarity),
};

/** The stories least similar to the title. */
export const farthest: ExampleChoice = {
  name: "farthest",
  summary: "least similar to the title",
  choose: (request, random) => ranked(request, random, (similarity) => similarity),
};

/**
 * Diverse examples: each is the story least similar to all shown before, also across titles (farthest-first
 * traversal, Gonzalez 1985).
 */
export const diverse: ExampleChoice = {
  name: "diverse",
  summary: "as different from each other as possible",
  choose({ titles, pools, count }, random) {
    const all = allOf(pools);
    const members = membersOf(pools);
    const space = textSpace(all.map(({ text }) => text));
    let left = random.shuffle(all);
    let rounds = 0;
    let similarity = new Map<Story, number>();
    const next = (allowed: ReadonlySet<Story>, shown: readonly Story[]): Story => {
      const open = left.filter((story) => allowed.has(story) && !shown.includes(story));
      if (open.length === 0) {
        [left, similarity] = [random.fork("round", ++rounds).shuffle(all), new Map()];
        return next(allowed, shown);
      }
      const level = (story: Story) => similarity.get(story) ?? 0;
      const chosen = open.reduce((best, story) => (level(story) < level(best) ? story : best));
      left = left.filter((story) => story !== chosen);
      for (const story of left) {
        similarity.set(story, Math.max(level(story), space.similarity(story.text, chosen.text)));
      }
      return chosen;
    };
    return titles.map((_, at) => {
      const shown: Story[] = [];
      while (shown.length < count) shown.push(next(members(at), shown));
      return shown;
    });
  },
};

/** Stories with the lowest penalty first; ties are random, since most stories have no similarity with a title. */
function ranked(
  { titles, pools, count }: ChoiceRequest,
  random: Random,
  penalty: (similarity: number) => number,
): Story[][] {
  const all = allOf(pools);
  const space = textSpace(all.map(({ text }) => text));
  const whole = new Map(all.map((story) => [story, `${story.title} ${story.text}`]));
  return titles.map(({ id, title }, at) =>
    lowest(random.fork(id).shuffle(pools[at]!), count, (story) =>
      penalty(space.similarity(title, whole.get(story)!)),
    ),
  );
}
