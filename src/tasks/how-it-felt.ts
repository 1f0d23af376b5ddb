import { z } from "zod";
import { html } from "../text/html.ts";
import { radio, ratingFrom, scale } from "./fields.ts";
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
  view: (_, words, given) => html`
${scale("answer", words("how-it-felt.ask"), levels, [words("how-it-felt.low"), words("how-it-felt.high")], given?.answer, true)}
<fieldset class="choice small">
<legend>${words("how-it-felt.emotion")}</legend>
${emotions.map((emotion) => radio("emotion", emotion, words(`emotion.${emotion}`), given?.emotion, false))}
</fieldset>`,
  score: () => undefined,
  simulate: (_, { bias }, random) => ({
    answer: ratingFrom(levels, bias, random),
    emotion: random.pick(emotions),
  }),
};
