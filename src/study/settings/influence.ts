import { z } from "zod";

/** `influence:` of study.yaml: how a text is compared with its example, in addition to their words. */
export const InfluenceSettings = z.strictObject({
  embeddings: z
    .string()
    .optional()
    .describe(
      "A model whose hidden states represent the meaning of a text: llama:embedded, llama:FILE.gguf or hf:OWNER/REPO/FILE.gguf. Default: none.",
    ),
  clusters: z
    .int()
    .min(2)
    .default(8)
    .describe("Number of clusters of examples and texts by their embeddings."),
  threads: z
    .int()
    .positive()
    .optional()
    .describe("Processor threads for embeddings. Default: all cores but one, at most 4."),
});
export type InfluenceSettings = Readonly<z.infer<typeof InfluenceSettings>>;
