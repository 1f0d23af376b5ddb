import type { Story } from "../../study/story.ts";
import { StudyError } from "../../workbench/errors.ts";
import { allOf, type ExampleChoice, membersOf } from "../example-choice.ts";

/** The same examples for every title: those in `exampleStories`, by id or title, or drawn once by the seed. */
export const fixed: ExampleChoice = {
  name: "fixed",
  summary: "the same for every title: `exampleStories`, or drawn once",
  choose({ titles, pools, count, named }, random) {
    const all = allOf(pools);
    const listed = named.map((name) => {
      const story = all.find(({ id, title }) => id === name || title === name);
      if (story) return story;
      throw new StudyError(`generate.exampleStories: no training story ${name}`, {
        hint: "give the id or title of a training story",
      });
    });
    if (listed.length > 0 && listed.length < count) {
      throw new StudyError(`generate.exampleStories has ${listed.length}, but the prompt shows ${count}`, {
        hint: "list at least as many, or none",
      });
    }
    const order = [...listed, ...random.shuffle(all.filter((story) => !listed.includes(story)))];
    const members = membersOf(pools);
    return titles.map((_, at) => {
      const shown: Story[] = [];
      for (const story of order) {
        if (shown.length === count) break;
        if (members(at).has(story)) shown.push(story);
      }
      return shown;
    });
  },
};
