import { z } from "zod";

/** `describe:` of study.yaml: which measures are taken, all that can run here by default. */
export const DescribeSettings = z.strictObject({
  measures: z
    .array(z.string())
    .optional()
    .describe("The measures to take, by name. Default: all that can run here."),
  skip: z
    .array(z.string())
    .default([])
    .describe(
      "Measures to leave out. Slow are grammar (20 stories a second) and perplexity (as fast as the model).",
    ),
});
export type DescribeSettings = Readonly<z.infer<typeof DescribeSettings>>;
