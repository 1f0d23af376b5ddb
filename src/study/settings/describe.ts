import { z } from "zod";

/** `describe:` of study.yaml: which measures are taken, all that can run here by default. */
export const DescribeSettings = z.strictObject({
  measures: z.array(z.string()).optional(),
  /** Measures left out: the slow ones are `grammar` (20 stories a second) and `perplexity` (as fast as the model). */
  skip: z.array(z.string()).default([]),
});
export type DescribeSettings = Readonly<z.infer<typeof DescribeSettings>>;
