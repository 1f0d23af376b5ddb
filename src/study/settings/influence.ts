import { z } from "zod";

/** `influence:` of study.yaml: by what a text is compared with its example, beside their words. */
export const InfluenceSettings = z.strictObject({
  embeddings: z
    .string()
    .optional()
    .describe(
      "A model whose hidden states represent what a text means: llama:embedded, llama:FILE.gguf or hf:OWNER/REPO/FILE.gguf. Default: none.",
    ),
  clusters: z.int().min(2).default(8).describe("Clusters that examples and texts are sorted into by these."),
  threads: z
    .int()
    .positive()
    .optional()
    .describe("Processor threads for embeddings. Default: all cores but one, at most 4."),
});
export type InfluenceSettings = Readonly<z.infer<typeof InfluenceSettings>>;
