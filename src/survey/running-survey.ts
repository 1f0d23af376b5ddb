import { z } from "zod";

/** How another command of this machine's user reaches the running survey; nobody else may read it. */
export const controlFile = ".tinylove/serve.json";
export const ControlFile = z.strictObject({ url: z.string(), token: z.string() });
export type ControlFile = z.infer<typeof ControlFile>;
