import { StudyError } from "../../workbench/errors.ts";
import { distanceTo } from "../controls.ts";
import { allOf, type ExampleChoice, lowest } from "../example-choice.ts";

/** The training stories closest to `control`, because a base model follows its example. */
export const matched: ExampleChoice = {
  name: "matched",
  summary: "closest to `control`",
  choose({ titles, pools, count, control }, random) {
    if (Object.keys(control).length === 0) {
      throw new StudyError("generate.examples is matched, but `control` is empty", {
        hint: "set control, for example { tone: melancholy, strength: 3 }",
      });
    }
    const all = allOf(pools);
    const distance = distanceTo(control, all);
    const distances = new Map(all.map((story) => [story.id, distance(story)]));
    return titles
      .map(({ id }, at) =>
        lowest(
          random.fork(id).shuffle(pools[at]!),
          // Random among the twenty closest; the closest alone would give one example for all titles.
          Math.max(count, closestCount),
          (story) => distances.get(story.id)!,
        ),
      )
      .map((near, at) => random.fork("among", titles[at]!.id).shuffle(near).slice(0, count));
  },
};

const closestCount = 20;
