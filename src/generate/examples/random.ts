import type { ExampleChoice } from "../example-choice.ts";

/** Drawn afresh for each title, each training story as likely: the choice of the 2022 study. */
export const random: ExampleChoice = {
  name: "random",
  summary: "drawn afresh for each title",
  choose: ({ titles, pools, count }, stream) =>
    titles.map(({ id }, at) => stream.fork(id).shuffle(pools[at]!).slice(0, count)),
};
