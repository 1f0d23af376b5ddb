import { z } from "zod";
import { Confidence, confidenceOf, Reason, sureAndWhy } from "./items.ts";
import type { Task } from "./task.ts";

const answers = ["human", "machine"] as const;
const Response = z.object({ answer: z.enum(answers), confidence: Confidence, reason: Reason });
type Response = z.infer<typeof Response>;

/** Did a person or a machine write this story? With how sure one is, and why, if one likes to say. */
export const humanOrMachine: Task<Response> = {
  name: "human-or-machine",
  stimuli: 1,
  response: Response,
  items: (words) => [
    {
      kind: "choice",
      name: "answer",
      ask: words("human-or-machine.ask"),
      options: answers.map((answer) => [answer, words(`human-or-machine.${answer}`)] as const),
      required: true,
    },
    ...sureAndWhy(words),
  ],
  score: ({ answer }, [origin]) => (origin === undefined ? undefined : Number(answer === origin)),
  simulate([origin], { skill, bias }, random) {
    // Equal-variance signal detection: the evidence for "human" is normal around +/- skill / 2.
    const evidence = (origin === "human" ? skill : -skill) / 2 + random.normal() + bias;
    return { answer: evidence > 0 ? "human" : "machine", confidence: confidenceOf(evidence) };
  },
};
