import { z } from "zod";

const share = z.number().nonnegative();
const path = z.string().min(1);

/** `corpus:` of study.yaml: where the human stories come from and how they are split. */
export const CorpusSettings = z.strictObject({
  source: z
    .string()
    .default("table")
    .describe("Where the stories come from: table, saved-pages, nyt, or a plugin's source."),
  file: z
    .union([path, z.array(path).min(1)])
    .optional()
    .describe("A file or folder, or a list of them, relative to the study."),
  table: z.string().optional().describe("Which table of a database that has several."),
  columns: z
    .strictObject({
      title: z.string().optional().describe("The column with the title."),
      text: z.string().optional().describe("The column with the story."),
      author: z.string().optional().describe("The column with the author."),
      group: z.string().optional().describe("The column whose equal values the split keeps together."),
      source: z.string().optional().describe("The column with the publication or post."),
      licence: z.string().optional().describe("The column with the licence."),
      date: z.string().optional().describe("The column with the date."),
      place: z.string().optional().describe("The column with the place."),
    })
    .default({})
    .describe("The columns' roles, if their names are not recognised."),
  nyt: z
    .strictObject({
      begin: z.iso.date().default("2018-10-01").describe("The first day, such as 2018-10-01."),
      end: z.iso.date().default("2022-03-31").describe("The last day, such as 2022-03-31."),
      secondsBetweenPages: z.number().min(10).default(15).describe("Seconds between two pages, at least 10."),
    })
    .refine(({ begin, end }) => begin <= end, "begin must not be after end")
    .prefault({})
    .describe("For the source nyt: which posts are collected, and how fast."),
  licence: z.string().default("unknown").describe("The licence of stories whose table does not name one."),
  repair: z
    .boolean()
    .default(true)
    .describe(
      "Whether damage from other programs is repaired: broken encoding, entities, tags, written-out line breaks.",
    ),
  note: z
    .string()
    .default("")
    .describe("A note on the corpus for the report: what it is, and what it is not evidence for."),
  words: z
    .strictObject({
      warn: z.int().positive().default(100).describe("Words above which a story is reported."),
      refuse: z.int().positive().default(125).describe("Words above which a story is left out."),
    })
    .refine(({ warn, refuse }) => warn <= refuse, "refuse must not be below warn")
    .default({ warn: 100, refuse: 125 })
    .describe("How long a story may be, in words."),
  split: z
    .strictObject({
      train: share.describe("Training stories: a number or a share."),
      validation: share.describe("Validation stories: a number or a share."),
      test: share.describe("Test stories, for whose titles models write: a number or a share."),
    })
    .refine(({ train, validation, test }) => train + validation + test > 0, "all parts are 0")
    .default({ train: 450, validation: 151, test: 150 })
    .describe(
      "How stories are split, as numbers of stories or as shares; stories of one group stay together.",
    ),
});
export type CorpusSettings = Readonly<z.infer<typeof CorpusSettings>>;
