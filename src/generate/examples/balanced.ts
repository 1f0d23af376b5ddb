import type { Story } from "../../study/story.ts";
import { allOf, type ExampleChoice, membersOf } from "../example-choice.ts";

/** No training story is shown twice before all have been shown once: drawn like cards from a shuffled deck. */
export const balanced: ExampleChoice = {
  name: "balanced",
  summary: "each training story equally often",
  choose({ titles, pools, count }, random) {
    const all = allOf(pools);
    const members = membersOf(pools);
    let deck: Story[] = [];
    let rounds = 0;
    return titles.map((_, at) => {
      const allowed = members(at);
      const shown: Story[] = [];
      while (shown.length < count) {
        const next = deck.findIndex((story) => allowed.has(story) && !shown.includes(story));
        if (next < 0) deck = [...deck, ...random.fork("deck", rounds++).shuffle(all)];
        else shown.push(...deck.splice(next, 1));
      }
      return shown;
    });
  },
};
