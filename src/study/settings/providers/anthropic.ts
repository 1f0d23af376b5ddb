import { z } from "zod";
import { addressed, type ModelKind, served, serverAddress } from "./provider.ts";

export const anthropic = {
  summary: "Claude, through Anthropic's Messages API",
  served: true,
  settings: z.strictObject({
    address: addressed("anthropic", "MODEL"),
    ...served,
    ...serverAddress("ANTHROPIC_API_KEY", "https://api.anthropic.com/v1"),
  }),
} satisfies ModelKind;
