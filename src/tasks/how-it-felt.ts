import { z } from "zod";
import { ratingFrom } from "./items.ts";
import type { Task } from "./task.ts";

const levels = ["1", "2", "3", "4", "5", "6", "7"] as const;

/** What a story may leave behind; `none` is an answer too. */
export const emotions = [
  "tenderness",
  "joy",
  "amusement",
  "longing",
  "sadness",
  "anger",
  "fear",
  "wonder",
  "none",
] as const;

const Response = z.object({ answer: z.enum(levels), emotion: z.enum(emotions).optional() });
type Response = z.infer<typeof Response>;

/** How much did the story move you, from 1 to 7, and which emotion was it most of all? */
export const howItFelt: Task<Response> = {
  name: "how-it-felt",
  stimuli: 1,
  response: Response,
  items: (words) => [
    {
      kind: "scale",
      name: "answer",
      ask: words("how-it-felt.ask"),
      levels,
      ends: [words("how-it-felt.low"), words("how-it-felt.high")],
      required: true,
    },
    {
      kind: "choice",
      name: "emotion",
      ask: words("how-it-felt.emotion"),
      options: emotions.map((emotion) => [emotion, words(`emotion.${emotion}`)] as const),
      required: false,
      small: true,
    },
  ],
  score: () => undefined,
  simulate: (_, { bias }, random) => ({
    answer: ratingFrom(levels, bias, random),
    emotion: random.pick(emotions),
  }),
};
