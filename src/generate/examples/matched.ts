import { StudyError } from "../../workbench/errors.ts";
import { distanceTo } from "../controls.ts";
import { allOf, type ExampleChoice } from "../example-choice.ts";

/** The stories that are nearest to what is asked for beyond the title (`control`): a base model follows its example. */
export const matched: ExampleChoice = {
  name: "matched",
  summary: "the nearest to what `control` asks for",
  choose({ titles, pools, count, control }, random) {
    if (Object.keys(control).length === 0) {
      throw new StudyError("generate.examples: matched, but nothing is asked for in `control`", {
        hint: "set control, for example { tone: melancholy, strength: 3 }",
      });
    }
    const all = allOf(pools);
    const distance = distanceTo(control, all);
    const marks = new Map(all.map((story) => [story.id, distance(story)]));
    return titles
      .map(({ id }, at) =>
        random
          .fork(id)
          .shuffle(pools[at]!)
          .sort((one, other) => marks.get(one.id)! - marks.get(other.id)!)
          // By lot among the twenty nearest: always the very nearest would be one example for all titles.
          .slice(0, Math.max(count, among)),
      )
      .map((near, at) => random.fork("among", titles[at]!.id).shuffle(near).slice(0, count));
  },
};

const among = 20;
