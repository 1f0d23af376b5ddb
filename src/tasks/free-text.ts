import { z } from "zod";
import { html } from "../text/html.ts";
import type { Task } from "./task.ts";

const Response = z.object({ answer: z.string().trim().max(4000).default("") });
type Response = z.infer<typeof Response>;

/** Whatever a participant would like to add; it may stay empty. */
export const freeText: Task<Response> = {
  name: "free-text",
  stimuli: 0,
  response: Response,
  view: (_, words, given) => html`
<label class="reason"><span class="ask">${words("free-text.ask")}</span>
<textarea name="answer" maxlength="4000" rows="6">${given?.answer}</textarea>
</label>`,
  score: () => undefined,
  simulate: () => ({ answer: "" }),
};
