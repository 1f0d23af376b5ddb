import { z } from "zod";

/** `influence:` of study.yaml: by what a text is compared with its example, beside their words. */
export const InfluenceSettings = z.strictObject({
  /**
   * A model whose hidden states stand for what a text means: `llama:FILE.gguf` (inside the study), `llama:embedded` or
   * `hf:OWNER/REPO/FILE.gguf`. None by default, and then none is loaded.
   */
  embeddings: z.string().optional(),
  /** Into how many clusters examples and texts are put by these. */
  clusters: z.int().min(2).default(8),
  /** For `embeddings`: threads; the cores but one by default. */
  threads: z.int().positive().optional(),
});
export type InfluenceSettings = Readonly<z.infer<typeof InfluenceSettings>>;
