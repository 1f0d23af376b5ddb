import { z } from "zod";
import { addressed, type ModelKind, openaiProtocol, serverAddress } from "./provider.ts";

export const openrouter = {
  summary: "models of many vendors, through OpenRouter",
  served: true,
  settings: z.strictObject({
    address: addressed("openrouter", "VENDOR/MODEL"),
    ...openaiProtocol,
    ...serverAddress("OPENROUTER_API_KEY", "https://openrouter.ai/api/v1"),
  }),
} satisfies ModelKind;
