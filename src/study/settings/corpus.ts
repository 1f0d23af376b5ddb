import { z } from "zod";

const share = z.number().nonnegative();
const path = z.string().min(1);

/** `corpus:` of study.yaml: where the human stories come from and how they are parted. */
export const CorpusSettings = z.strictObject({
  /** The source, by its name in `src/collect/sources.ts`. */
  source: z.string().default("table"),
  /** A file or folder, or a list of them, relative to the study. */
  file: z.union([path, z.array(path).min(1)]).optional(),
  /** The table of a database that holds several. */
  table: z.string().optional(),
  /** Which column holds what, where the names do not say it. */
  columns: z
    .strictObject({
      title: z.string().optional(),
      text: z.string().optional(),
      author: z.string().optional(),
      group: z.string().optional(),
      source: z.string().optional(),
      licence: z.string().optional(),
      date: z.string().optional(),
      place: z.string().optional(),
    })
    .default({}),
  /** For the source `nyt`: the days between which posts are looked for, and the pace, which may only be slower. */
  nyt: z
    .strictObject({
      begin: z.iso.date().default("2018-10-01"),
      end: z.iso.date().default("2022-03-31"),
      secondsBetweenPages: z.number().min(10).default(15),
    })
    .refine(({ begin, end }) => begin <= end, "begin must not lie after end")
    .prefault({}),
  licence: z.string().default("unknown"),
  /** Repairs what other programs left in the texts: broken encoding, entities, tags, `\n` as two characters. */
  repair: z.boolean().default(true),
  /** Shown in the report beside the corpus: what it is, and what it is no evidence of. */
  note: z.string().default(""),
  /** Word counts: a story above `warn` is reported, above `refuse` it is left out. */
  words: z
    .strictObject({ warn: z.int().positive().default(100), refuse: z.int().positive().default(125) })
    .refine(({ warn, refuse }) => warn <= refuse, "refuse must not lie below warn")
    .default({ warn: 100, refuse: 125 }),
  /**
   * Counts, where whole numbers ask for no more stories than there are: validation and test get theirs, training
   * what is over. Shares otherwise. Whole groups go to one part. The 2022 study: 450, 151, 150.
   */
  split: z
    .strictObject({ train: share, validation: share, test: share })
    .refine(({ train, validation, test }) => train + validation + test > 0, "no part gets any story")
    .default({ train: 450, validation: 151, test: 150 }),
});
export type CorpusSettings = Readonly<z.infer<typeof CorpusSettings>>;
