import { z } from "zod";
import { choice } from "./fields.ts";
import type { Task } from "./task.ts";

const answers = ["never", "seldom", "sometimes", "often"] as const;
const asked = "seldom";
const Response = z.object({ answer: z.enum(answers) });
type Response = z.infer<typeof Response>;

/**
 * An explicit instruction that everybody who reads can follow: recruiting services allow nothing less fair. It
 * comes between the stories, and its score is 1 where the instruction was followed.
 */
export const attentionCheck: Task<Response> = {
  name: "attention-check",
  stimuli: 0,
  place: "between",
  response: Response,
  view: (_, words, given) =>
    choice(
      words("attention-check.ask"),
      answers.map((answer) => [answer, words(`attention-check.${answer}`)] as const),
      given?.answer,
    ),
  score: ({ answer }) => Number(answer === asked),
  simulate: (_, __, random) => ({ answer: random.next() < 0.95 ? asked : random.pick(answers) }),
};
