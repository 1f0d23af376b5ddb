import { z } from "zod";
import { addressed, common, type ModelKind, sampledHere } from "./provider.ts";

export const echo = {
  summary: "no model: words of the prompt, for trying the pipeline only",
  settings: z.strictObject({ address: addressed("echo", ""), ...common, ...sampledHere }),
} satisfies ModelKind;
