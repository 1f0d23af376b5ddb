import { z } from "zod";
import { addressed, gguf, type ModelKind } from "./provider.ts";

export const hf = {
  summary: "a GGUF file of a model hub, downloaded once",
  settings: z.strictObject({ address: addressed("hf", "OWNER/REPO/FILE.gguf"), ...gguf }),
} satisfies ModelKind;
