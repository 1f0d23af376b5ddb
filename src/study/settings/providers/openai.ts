import { z } from "zod";
import { addressed, type ModelKind, openaiProtocol, serverAddress } from "./provider.ts";

export const openai = {
  summary: "a server with OpenAI's protocol: vLLM, llama.cpp, Ray Serve, OpenAI",
  server: {},
  settings: z.strictObject({
    address: addressed("openai", "MODEL"),
    ...openaiProtocol,
    ...serverAddress("OPENAI_API_KEY"),
    batch: z
      .boolean()
      .default(false)
      .describe("Whether all stories are one job of the Batch API: half the price, done within a day."),
  }),
} satisfies ModelKind;
