import { z } from "zod";
import { addressed, type ModelKind, openaiProtocol, serverAddress, standardFields } from "./provider.ts";

const { seed: _, ...fieldsWithoutSeed } = standardFields;

export const gemini = {
  summary: "Gemini, through Google's OpenAI-compatible address",
  server: {
    needsKey: true,
    fields: fieldsWithoutSeed,
    omitsNeutral: true,
    thinks: (model) => !/flash-lite|^gemini-[12]\.0/.test(model),
    reasoning: (effort) => ({ reasoning_effort: effort }),
  },
  settings: z.strictObject({
    address: addressed("gemini", "MODEL"),
    ...openaiProtocol,
    ...serverAddress("GEMINI_API_KEY", "https://generativelanguage.googleapis.com/v1beta/openai"),
  }),
} satisfies ModelKind;
