import { z } from "zod";
import { addressed, type ModelKind, openaiProtocol, serverAddress, standardFields } from "./provider.ts";

export const openrouter = {
  summary: "models of many vendors, through OpenRouter",
  server: {
    needsKey: true,
    fields: { ...standardFields, topK: ["top_k"], minP: ["min_p"], repeatPenalty: ["repetition_penalty"] },
    reasoning: (effort) => ({ reasoning: { effort } }),
  },
  settings: z.strictObject({
    address: addressed("openrouter", "VENDOR/MODEL"),
    ...openaiProtocol,
    ...serverAddress("OPENROUTER_API_KEY", "https://openrouter.ai/api/v1"),
  }),
} satisfies ModelKind;
