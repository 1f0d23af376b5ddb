import { z } from "zod";
import { Confidence, confidenceOf, Reason, sureAndWhy } from "./items.ts";
import type { Task } from "./task.ts";

const sides = ["left", "right"] as const;
const Response = z.object({ answer: z.enum(sides), confidence: Confidence, reason: Reason });
type Response = z.infer<typeof Response>;

/** Which of two stories did a person write? The harder task: a bias towards `human` cannot help. */
export const whichIsHuman: Task<Response> = {
  name: "which-is-human",
  stimuli: 2,
  response: Response,
  items: (words) => [
    {
      kind: "choice",
      name: "answer",
      ask: words("which-is-human.ask"),
      options: sides.map((side) => [side, words(`which-is-human.${side}`)] as const),
      required: true,
    },
    ...sureAndWhy(words),
  ],
  score({ answer }, [left, right]) {
    if (left === undefined || right === undefined || left === right) return undefined;
    return Number((answer === "left" ? left : right) === "human");
  },
  simulate([left], { skill, bias }, random) {
    // Two-alternative forced choice: the difference of two evidences, thus right with probability Phi(d' / sqrt 2).
    const difference = (left === "human" ? skill : -skill) + Math.SQRT2 * random.normal() + bias;
    return {
      answer: difference > 0 ? "left" : "right",
      confidence: confidenceOf(difference / Math.SQRT2),
    };
  },
};
