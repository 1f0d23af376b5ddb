import { z } from "zod";
import { addressed, type ModelKind, openaiProtocol, serverAddress } from "./provider.ts";

export const gemini = {
  summary: "Gemini, through Google's OpenAI-compatible address",
  served: true,
  settings: z.strictObject({
    address: addressed("gemini", "MODEL"),
    ...openaiProtocol,
    ...serverAddress("GEMINI_API_KEY", "https://generativelanguage.googleapis.com/v1beta/openai"),
  }),
} satisfies ModelKind;
