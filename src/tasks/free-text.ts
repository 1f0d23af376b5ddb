import { z } from "zod";
import type { Task } from "./task.ts";

const Response = z.object({ answer: z.string().trim().max(4000).default("") });
type Response = z.infer<typeof Response>;

/** Whatever a participant would like to add; it may stay empty. */
export const freeText: Task<Response> = {
  name: "free-text",
  stimuli: 0,
  response: Response,
  items: (words) => [{ kind: "text", name: "answer", ask: words("free-text.ask"), most: 4000, rows: 6 }],
  score: () => undefined,
  simulate: () => ({ answer: "" }),
};
