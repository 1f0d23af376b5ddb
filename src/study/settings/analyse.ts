import { z } from "zod";

/** `analyse:` of study.yaml: what is claimed against which margin, declared before the data. */
export const AnalyseSettings = z.strictObject({
  /** Accuracy within 0.5 -/+ margin counts as equivalent to chance. */
  margin: z.number().positive().max(0.49).default(0.1),
  alpha: z.number().positive().max(0.5).default(0.05),
  level: z.number().positive().max(0.9999).default(0.95),
  /** Draws of every permutation and bootstrap. */
  draws: z.int().positive().default(10_000),
  /** Analyses by name; all that the data allow by default. */
  only: z.array(z.string()).optional(),
  /** Fixed effects of the mixed model. */
  effects: z.array(z.string()).default(["origin"]),
});
export type AnalyseSettings = Readonly<z.infer<typeof AnalyseSettings>>;
