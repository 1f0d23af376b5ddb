import { z } from "zod";
import { addressed, common, localSampling, type ModelKind } from "./provider.ts";

export const echo = {
  summary: "not a model: words of the prompt, only for testing the pipeline",
  settings: z.strictObject({ address: addressed("echo", ""), ...common, ...localSampling }),
} satisfies ModelKind;
