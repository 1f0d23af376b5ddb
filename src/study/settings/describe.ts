import { z } from "zod";

/** `describe:` of study.yaml: which measures are taken. Default: all that can run on this machine. */
export const DescribeSettings = z.strictObject({
  measures: z
    .array(z.string())
    .optional()
    .describe("The measures to take, by name. Default: all that can run on this machine."),
  skip: z
    .array(z.string())
    .default([])
    .describe(
      "Measures to leave out. The slow ones are grammar (20 stories per second) and perplexity (as fast as the model).",
    ),
});
export type DescribeSettings = Readonly<z.infer<typeof DescribeSettings>>;
