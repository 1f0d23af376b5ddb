import { z } from "zod";
import { html } from "../text/html.ts";
import type { Task } from "./task.ts";

const confidences = ["1", "2", "3", "4", "5"] as const;

const Response = z.object({
  answer: z.enum(["human", "machine"]),
  confidence: z.enum(confidences).optional(),
  reason: z.string().trim().max(1000).optional(),
});
type Response = z.infer<typeof Response>;

/** Did a person or a machine write this story? With how sure one is, and why, if one likes to say. */
export const humanOrMachine: Task<Response> = {
  name: "human-or-machine",
  stimuli: 1,
  response: Response,
  view: (_, words, given) => html`
    <fieldset class="choice">
      <legend>${words("human-or-machine.ask")}</legend>
      ${Response.shape.answer.options.map(
        (option) =>
          html`<label><input type="radio" name="answer" value="${option}" required${
            given?.answer === option ? html` checked` : ""
          }><span>${words(`human-or-machine.${option}`)}</span></label>`,
      )}
    </fieldset>
    <fieldset class="scale">
      <legend>${words("confidence.ask")}</legend>
      <span class="end">${words("confidence.low")}</span>
      ${confidences.map(
        (level) =>
          html`<label><input type="radio" name="confidence" value="${level}"${
            given?.confidence === level ? html` checked` : ""
          }><span>${level}</span></label>`,
      )}
      <span class="end">${words("confidence.high")}</span>
    </fieldset>
    <label class="reason">${words("reason.ask")}
      <textarea name="reason" maxlength="1000" rows="2">${given?.reason}</textarea>
    </label>`,
  score: ({ answer }, [origin]) => (origin === undefined ? undefined : Number(answer === origin)),
  simulate([origin], { skill, bias }, random) {
    // Equal-variance signal detection: the evidence for "human" is normal around +/- skill / 2.
    const evidence = (origin === "human" ? skill : -skill) / 2 + random.normal() + bias;
    const confidence = String(Math.min(5, 1 + Math.floor(2 * Math.abs(evidence)))) as Response["confidence"];
    return { answer: evidence > 0 ? "human" : "machine", confidence };
  },
};
