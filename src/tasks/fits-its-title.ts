import { z } from "zod";
import { ratingFrom, scale } from "./fields.ts";
import type { Task } from "./task.ts";

const levels = ["1", "2", "3", "4", "5"] as const;
const Response = z.object({ answer: z.enum(levels) });
type Response = z.infer<typeof Response>;

/** How well does the story fit its title, from 1 to 5? */
export const fitsItsTitle: Task<Response> = {
  name: "fits-its-title",
  stimuli: 1,
  response: Response,
  view: (_, words, given) =>
    scale(
      "answer",
      words("fits-its-title.ask"),
      levels,
      [words("fits-its-title.low"), words("fits-its-title.high")],
      given?.answer,
      true,
    ),
  score: () => undefined,
  simulate: (_, { bias }, random) => ({ answer: ratingFrom(levels, bias, random) }),
};
