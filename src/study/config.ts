import { z } from "zod";
import { AnalyseSettings } from "./settings/analyse.ts";
import { ComposeSettings } from "./settings/compose.ts";
import { CorpusSettings } from "./settings/corpus.ts";
import { DescribeSettings } from "./settings/describe.ts";
import { GenerateSettings } from "./settings/generate.ts";
import { InfluenceSettings } from "./settings/influence.ts";
import { SurveySettings } from "./settings/survey.ts";
import { TuneSettings } from "./settings/tune.ts";
import { WorkplaceSettings } from "./settings/workplace.ts";

/** What built-in prompts request, unless the study sets `genre`. */
export const defaultGenre = "very short stories";

/** The settings of a study, `study.yaml`, with their defaults. An unknown key is an error. */
export const StudyConfig = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/, "a name of lower-case letters, digits and hyphens")
    .describe("The study's name in reports and file names."),
  title: z.string().default("A study of very short stories").describe("The study's title, on its report."),
  genre: z
    .string()
    .trim()
    .min(1)
    .default(defaultGenre)
    .describe(
      "What the corpus consists of, in the plural, for prompts: fables, very short stories about the sea.",
    ),
  seed: z.union([z.int(), z.string()]).default(2022).describe("The seed of every random choice."),
  plugins: z
    .array(z.string().min(1))
    .default([])
    .describe("The study's own programs: .mjs or .ts files, relative to the study (docs/extending.md)."),
  corpus: CorpusSettings.prefault({}).describe("Where the human stories come from, and how they are split."),
  describe: DescribeSettings.prefault({}).describe("What is measured in every text."),
  generate: GenerateSettings.prefault({}).describe(
    "Which models write stories for which titles, and how they are sampled.",
  ),
  influence: InfluenceSettings.prefault({}).describe(
    "How texts are compared with their examples, in addition to their words.",
  ),
  tune: TuneSettings.prefault({}).describe("How a model is trained on the training stories."),
  compose: ComposeSettings.prefault({}).describe(
    "How texts are clipped and balanced over forms, and what is asked about them.",
  ),
  survey: SurveySettings.prefault({}).describe(
    "What participants read around the questions, and when the survey closes.",
  ),
  analyse: AnalyseSettings.prefault({}).describe(
    "Which claims are tested and with which margin, declared before data collection.",
  ),
  workplace: WorkplaceSettings.prefault({}).describe("The researcher's pages, which `tinylove open` shows."),
});
export type StudyConfig = Readonly<z.infer<typeof StudyConfig>>;
