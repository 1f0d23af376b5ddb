import { z } from "zod";
import { addressed, gguf, type ModelKind } from "./provider.ts";

export const llama = {
  summary: "a GGUF file on this machine, or `llama:embedded`",
  settings: z.strictObject({ address: addressed("llama", "FILE.gguf"), ...gguf }),
} satisfies ModelKind;
