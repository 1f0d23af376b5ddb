import { z } from "zod";
import { addressed, local, type ModelKind } from "./provider.ts";

export const tuned = {
  summary: "a model that `tinylove tune` made",
  settings: z.strictObject({ address: addressed("tuned", "DIR, tuned:DIR@STEP"), ...local }),
} satisfies ModelKind;
