import type { ExampleChoice } from "../example-choice.ts";

/** Drawn again for each title, with equal probability: the choice of the 2022 study. */
export const random: ExampleChoice = {
  name: "random",
  summary: "drawn again for each title",
  choose: ({ titles, pools, count }, stream) =>
    titles.map(({ id }, at) => stream.fork(id).shuffle(pools[at]!).slice(0, count)),
};
