import { z } from "zod";

/** Columns of judgments.csv and fields of every form, which a field of the researcher's own may not be called. */
const taken = new Set([
  ..."participant form question task stimulus second_stimulus order side response ms at simulated".split(" "),
  ..."answer key seal left confidence reason emotion pasted website".split(" "),
]);

/** Whether an item of the researcher's own may be called so: a column that judgments.csv and the forms do not have yet. */
export const isFreeName = (name: string): boolean => columnName.test(name) && !taken.has(name);

const columnName = /^[a-z][a-z0-9_]{0,39}$/;

/** One thing that participants are asked about themselves. */
const Field = z.strictObject({
  /** The column of judgments.csv that holds it. */
  name: z
    .string()
    .regex(columnName, "a name of lower-case letters, digits and underscores")
    .refine((name) => !taken.has(name), "this name is taken by a column of judgments.csv"),
  ask: z.string().min(1),
  /** The answers to choose from; free text where there are none. */
  options: z.array(z.string().min(1).max(200)).min(2).max(40).optional(),
  /** Without options: a whole number instead of text. */
  number: z.boolean().default(false),
  required: z.boolean().default(false),
});
export type Field = Readonly<z.infer<typeof Field>>;

/** How participants are recruited, and what they are given when they have finished. */
const Recruiting = z.strictObject({
  /** Whose participants come with an id in the address: `prolific` (PROLIFIC_PID ...) or `mturk` (workerId ...). */
  service: z.enum(["prolific", "mturk"]),
  /** Completion codes. Without `complete` every participant gets a code of their own. */
  codes: z
    .strictObject({
      complete: z
        .string()
        .regex(/^[A-Za-z0-9-]{1,40}$/)
        .optional(),
      noConsent: z
        .string()
        .regex(/^[A-Za-z0-9-]{1,40}$/)
        .optional(),
      /** For who comes when no more readers are needed; without it they get `noConsent`. */
      full: z
        .string()
        .regex(/^[A-Za-z0-9-]{1,40}$/)
        .optional(),
      /** For who failed more than `mayFail` attention checks. */
      attention: z
        .string()
        .regex(/^[A-Za-z0-9-]{1,40}$/)
        .optional(),
    })
    .default({}),
  /** Prolific lets one failure reject only in studies under five minutes. */
  mayFail: z.int().nonnegative().default(1),
  /** Whether an id takes part once, or once in each of the service's studies (STUDY_ID, hitId) that lead here. */
  oncePer: z.enum(["person", "study"]).default("person"),
  /** Where participants return to, with {code} in it. */
  return: z.url({ protocol: /^https$/ }).optional(),
});
export type Recruiting = Readonly<z.infer<typeof Recruiting>>;

/** `survey:` of study.yaml: what participants read around the questions, and when the study closes. */
export const SurveySettings = z.strictObject({
  title: z.string().default("Very short stories"),
  /** A file of `src/survey/languages`, by its code. */
  language: z.string().default("en"),
  /**
   * Who asks, what is kept, for how long, whom to write to. Plain text; every line break begins a paragraph, so long
   * ones are folded (`>-`).
   */
  consent: z.string().default(""),
  instructions: z.string().default(""),
  contact: z.string().default(""),
  /** A worked example for the instructions: a story of its own, and what is said about it. */
  example: z.strictObject({ title: z.string(), text: z.string(), note: z.string() }).optional(),
  /** What the task `demographics` asks. */
  demographics: z.array(Field).max(20).default([]),
  recruiting: Recruiting.optional(),
  /** Only who comes by a personal link, made on the dashboard, may take part, and each link once. */
  invited: z.boolean().default(false),
  /** The study closes at this many completed responses. */
  quota: z.int().positive().optional(),
  /** Minutes for which a place on a form is kept for somebody who does not answer; each answer renews it. */
  reserve: z.number().positive().default(60),
  /** Whether a participant may go back and change an answer before the end. */
  back: z.boolean().default(true),
  /** Words a minute above which nobody reads: whoever answers faster has a page counted in participants.csv, and is not refused. */
  fastest: z.number().positive().default(1000),
  /** Whether one's own score is shown after the last answer. */
  feedback: z.boolean().default(false),
  port: z.int().min(0).max(65535).default(4200),
  host: z.string().default("127.0.0.1"),
  /** Where the survey begins on its host, for a proxy that has other pages there too: `/reading`. */
  path: z
    .string()
    .regex(/^(\/[A-Za-z0-9._~-]+)*$/, "a path such as /reading, without a slash at its end")
    .default(""),
  /** Requests a minute from one address; a class behind one router shares an address. */
  rate: z.int().positive().default(3000),
  /** The survey is reached by https through a proxy on this machine: cookies are Secure, and the proxy's headers are believed. */
  proxy: z.boolean().default(false),
});
