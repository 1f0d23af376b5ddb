import { z } from "zod";

/** `survey:` of study.yaml: what participants read around the questions, and when the study closes. */
export const SurveySettings = z.strictObject({
  title: z.string().default("Very short stories"),
  /** A file of `src/serve/languages`, by its code. */
  language: z.string().default("en"),
  /** Who asks, what is kept, for how long, whom to write to. Plain text; blank lines part paragraphs. */
  consent: z.string().default(""),
  instructions: z.string().default(""),
  contact: z.string().default(""),
  /** The study closes at this many completed responses. */
  quota: z.int().positive().optional(),
  /** Minutes for which a place on a form is kept for somebody who does not answer; each answer renews it. */
  reserve: z.number().positive().default(60),
  /** Whether a participant may go back and change an answer before the end. */
  back: z.boolean().default(true),
  /** Whether one's own score is shown after the last answer. */
  feedback: z.boolean().default(false),
  port: z.int().min(0).max(65535).default(4200),
  host: z.string().default("127.0.0.1"),
  /** Requests a minute from one address; a class behind one router shares an address. */
  rate: z.int().positive().default(3000),
  /** The survey is reached by https through a proxy on this machine: cookies are Secure, and the proxy's headers are believed. */
  proxy: z.boolean().default(false),
});
