import { z } from "zod";
import { addressed, type ModelKind, openaiProtocol, serverAddress, standardFields } from "./provider.ts";

export const ollama = {
  summary: "a model that Ollama serves on this machine",
  server: { fields: standardFields, reasoning: (effort) => ({ reasoning_effort: effort }) },
  settings: z.strictObject({
    address: addressed("ollama", "MODEL"),
    ...openaiProtocol,
    ...serverAddress("OLLAMA_API_KEY", "http://localhost:11434/v1"),
  }),
} satisfies ModelKind;
