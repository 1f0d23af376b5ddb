import { z } from "zod";
import { ratingFrom } from "./items.ts";
import type { Task } from "./task.ts";

const levels = ["1", "2", "3", "4", "5"] as const;
const Response = z.object({ answer: z.enum(levels) });
type Response = z.infer<typeof Response>;

/** How well does the story fit its title, from 1 to 5? */
export const fitsItsTitle: Task<Response> = {
  name: "fits-its-title",
  stimuli: 1,
  response: Response,
  items: (words) => [
    {
      kind: "scale",
      name: "answer",
      ask: words("fits-its-title.ask"),
      levels,
      ends: [words("fits-its-title.low"), words("fits-its-title.high")],
      required: true,
    },
  ],
  score: () => undefined,
  simulate: (_, { bias }, random) => ({ answer: ratingFrom(levels, bias, random) }),
};
