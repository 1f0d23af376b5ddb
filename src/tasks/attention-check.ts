import { z } from "zod";
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
  items: (words) => [
    {
      kind: "choice",
      name: "answer",
      ask: words("attention-check.ask"),
      options: answers.map((answer) => [answer, words(`attention-check.${answer}`)] as const),
      required: true,
    },
  ],
  score: ({ answer }) => Number(answer === asked),
  simulate: (_, __, random) => ({ answer: random.next() < 0.95 ? asked : random.pick(answers) }),
};
