import { z } from "zod";
import { OwnQuestion } from "./questions.ts";

/** Columns of judgments.csv and fields of every form; the researcher's own fields must have other names. */
const taken = new Set([
  ..."participant form question task stimulus second_stimulus order side response ms at simulated".split(" "),
  ..."condition told deceived recruited".split(" "),
  ..."answer key seal left confidence reason emotion pasted website".split(" "),
]);

/**
 * Whether a researcher's own item may have this name: it must not be a column of judgments.csv or a field of the forms.
 */
export const isFreeName = (name: string): boolean => columnName.test(name) && !taken.has(name);

const columnName = /^[a-z][a-z0-9_]{0,39}$/;

/** A question to participants about themselves. */
const Field = z.strictObject({
  name: z
    .string()
    .regex(columnName, "a name of lower-case letters, digits and underscores")
    .refine((name) => !taken.has(name), "this name is taken by a column of judgments.csv")
    .describe("The column of judgments.csv for the answers."),
  ask: z.string().min(1).describe("The question, as participants read it."),
  options: z
    .array(z.string().min(1).max(200))
    .min(2)
    .max(40)
    .optional()
    .describe("The answers to choose from. Default: none; participants write."),
  number: z.boolean().default(false).describe("Without options: whether the answer is a whole number."),
  required: z.boolean().default(false).describe("Whether an answer is required."),
});
export type Field = Readonly<z.infer<typeof Field>>;

/** How participants are recruited, and which codes they get at the end. */
const Recruiting = z.strictObject({
  service: z.enum(["prolific", "mturk"]).describe("Where participants come from: prolific or mturk."),
  codes: z
    .strictObject({
      complete: z
        .string()
        .regex(/^[A-Za-z0-9-]{1,40}$/)
        .optional()
        .describe("The code of those who finish. Default: a different code for each."),
      noConsent: z
        .string()
        .regex(/^[A-Za-z0-9-]{1,40}$/)
        .optional()
        .describe("The code of those who do not consent."),
      full: z
        .string()
        .regex(/^[A-Za-z0-9-]{1,40}$/)
        .optional()
        .describe("The code of those who come when no more readers are needed. Default: noConsent."),
      attention: z
        .string()
        .regex(/^[A-Za-z0-9-]{1,40}$/)
        .optional()
        .describe("The code of those who failed more than mayFail attention checks."),
    })
    .default({})
    .describe("Completion codes."),
  // Prolific lets one failure reject only in studies under five minutes.
  mayFail: z.int().nonnegative().default(1).describe("Attention checks that a participant may fail."),
  oncePer: z
    .enum(["person", "study"])
    .default("person")
    .describe(
      "Whether an id may take part only once, or once in each of the service's studies that use this survey.",
    ),
  return: z
    .url({ protocol: /^https$/ })
    .optional()
    .describe("The https address where participants return to, with {code} in it."),
});
export type Recruiting = Readonly<z.infer<typeof Recruiting>>;

/** `survey:` of study.yaml: what participants read around the questions, and when the study closes. */
export const SurveySettings = z.strictObject({
  title: z.string().default("Very short stories").describe("The survey's title, as participants read it."),
  language: z.string().default("en").describe("The language of the survey's own texts: en or de."),
  consent: z
    .string()
    .default("")
    .describe(
      "What participants agree to: who asks, what is stored and for how long. {stories}, {minutes} and {tasks} (what is asked) are filled in. Default: a general text.",
    ),
  instructions: z.string().default("").describe("The instructions. Default: made from the tasks."),
  contact: z.string().default("").describe("The address that participants can write to."),
  ethics: z
    .string()
    .default("")
    .describe("The number of the ethics approval and who gave it; shown on the consent page."),
  debrief: z
    .string()
    .default("")
    .describe(
      "What participants read after the last answer: what the study was about, and what they were not told before. {stories}, {minutes} and {tasks} are filled in.",
    ),
  reveal: z
    .boolean()
    .default(false)
    .describe("Whether participants can see who wrote each story, after the last answer."),
  example: z
    .strictObject({
      title: z.string().describe("The title of the example story."),
      text: z.string().describe("The example story."),
      note: z.string().describe("A comment on it."),
    })
    .optional()
    .describe("A worked example for the instructions. Default: none."),
  demographics: z.array(Field).max(20).default([]).describe("What participants are asked about themselves."),
  questions: z
    .array(OwnQuestion)
    .max(60)
    .default([])
    .describe(
      "The researcher's own questions: ratings, choices, free text, which of two stories is better (docs/questions.md).",
    ),
  pages: z
    .enum(["story", "question"])
    .default("story")
    .describe(
      "Whether all questions about a story are on one page, those about its author last (story), or each on a page of its own in the order of compose.tasks (question).",
    ),
  recruiting: Recruiting.optional().describe(
    "The recruiting service and its completion codes. Default: none.",
  ),
  sources: z
    .array(z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/, "a name of lower-case letters, digits, - and _"))
    .max(40)
    .default([])
    .describe(
      "Names of places where participants are recruited: with [class, mail], links that end in ?source=class or ?source=mail are distinguished in participants.csv.",
    ),
  invited: z
    .boolean()
    .default(false)
    .describe("Whether only those with a personal link from the workplace may take part, once per link."),
  quota: z
    .int()
    .positive()
    .optional()
    .describe("Completed responses at which the survey closes. Default: none."),
  reserve: z
    .number()
    .positive()
    .default(60)
    .describe("Minutes for which a place on a form is kept for somebody who does not answer."),
  back: z
    .boolean()
    .default(true)
    .describe("Whether participants may go back and change an answer before the end."),
  fastest: z
    .number()
    .positive()
    .default(1000)
    .describe(
      "Reading speed, in words per minute, above which a page is counted as too fast in participants.csv.",
    ),
  feedback: z
    .boolean()
    .default(false)
    .describe("Whether participants see their own score after the last answer."),
  port: z
    .int()
    .min(0)
    .max(65535)
    .default(4200)
    .describe("The port of the survey's server; 0 takes a free one."),
  host: z.string().default("127.0.0.1").describe("The address that the server listens on."),
  address: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      "The address that participants open, if it is not that of the server itself: https://example.org/reading. It is in the links and the QR code that you pass on.",
    ),
  path: z
    .string()
    .regex(/^(\/[A-Za-z0-9._~-]+)*$/, "a path such as /reading, without a slash at its end")
    .default("")
    .describe("The path below which the survey is, for a proxy with other pages too: /reading."),
  rate: z
    .int()
    .positive()
    .default(3000)
    .describe("The most requests per minute from one address; a class behind one router shares an address."),
  proxy: z
    .boolean()
    .default(false)
    .describe("Whether the survey is behind a proxy with https on this machine."),
});
