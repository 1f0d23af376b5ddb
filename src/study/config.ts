import { z } from "zod";
import { AnalyseSettings } from "./settings/analyse.ts";
import { ComposeSettings } from "./settings/compose.ts";
import { CorpusSettings } from "./settings/corpus.ts";
import { DescribeSettings } from "./settings/describe.ts";
import { GenerateSettings } from "./settings/generate.ts";
import { InfluenceSettings } from "./settings/influence.ts";
import { SurveySettings } from "./settings/survey.ts";
import { TuneSettings } from "./settings/tune.ts";

/** What built-in prompts ask for, unless the study says otherwise. */
export const usualGenre = "very short stories";

/** What a study asks: `study.yaml`, strict (an unknown key is an error), each setting with its default beside it. */
export const StudyConfig = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/, "a name of lower-case letters, digits and hyphens")
    .describe("Names the study in reports and file names"),
  title: z.string().default("A study of very short stories"),
  /** What the corpus is made of, in the plural, for prompts: `very short stories about the sea`, `fables`. */
  genre: z.string().trim().min(1).default(usualGenre),
  /** Every random choice follows from it. */
  seed: z.union([z.int(), z.string()]).default(2022),
  plugins: z
    .array(z.string().min(1))
    .default([])
    .describe("Programs of this study's own, .mjs or .ts files by their paths from here: docs/extending.md."),
  corpus: CorpusSettings.prefault({}),
  describe: DescribeSettings.prefault({}),
  generate: GenerateSettings.prefault({}),
  influence: InfluenceSettings.prefault({}),
  tune: TuneSettings.prefault({}),
  compose: ComposeSettings.prefault({}),
  survey: SurveySettings.prefault({}),
  analyse: AnalyseSettings.prefault({}),
});
export type StudyConfig = Readonly<z.infer<typeof StudyConfig>>;
