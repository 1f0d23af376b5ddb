import { z } from "zod";

/** `describe:` of study.yaml: which measures are taken, all that can run here by default. */
export const DescribeSettings = z.strictObject({
  measures: z.array(z.string()).optional(),
});
export type DescribeSettings = Readonly<z.infer<typeof DescribeSettings>>;
