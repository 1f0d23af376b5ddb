import { z } from "zod";
import { addressed, type ModelKind, openaiProtocol, serverAddress, standardFields } from "./provider.ts";

export const lmstudio = {
  summary: "a model that LM Studio serves on this machine",
  server: {
    fields: { ...standardFields, topK: ["top_k"], repeatPenalty: ["repeat_penalty"] },
    reasoning: (effort) => ({ reasoning_effort: effort }),
  },
  settings: z.strictObject({
    address: addressed("lmstudio", "MODEL"),
    ...openaiProtocol,
    ...serverAddress("LMSTUDIO_API_KEY", "http://localhost:1234/v1"),
  }),
} satisfies ModelKind;
