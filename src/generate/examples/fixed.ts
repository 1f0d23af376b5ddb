import { StudyError } from "../../workbench/errors.ts";
import { allOf, type ExampleChoice } from "../example-choice.ts";

/** The same for every title: those that `exampleStories` names by id or title, or the first that the seed draws. */
export const fixed: ExampleChoice = {
  name: "fixed",
  summary: "the same for every title: `exampleStories`, or drawn once",
  choose({ titles, pools, count, named }, random) {
    const all = allOf(pools);
    const wanted = named.map((name) => {
      const story = all.find(({ id, title }) => id === name || title === name);
      if (story) return story;
      throw new StudyError(`generate.exampleStories: no training story ${name}`, {
        hint: "give the id or the title of a story of the training part",
      });
    });
    if (wanted.length > 0 && wanted.length < count) {
      throw new StudyError(`generate.exampleStories: ${wanted.length} named, the prompt shows ${count}`, {
        hint: "name as many, or none",
      });
    }
    const order = [...wanted, ...random.shuffle(all.filter((story) => !wanted.includes(story)))];
    return titles.map((_, at) => order.filter((story) => pools[at]!.includes(story)).slice(0, count));
  },
};
