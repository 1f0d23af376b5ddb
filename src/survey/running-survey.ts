import { z } from "zod";

/** The file with which other commands of the same user reach the running survey; readable by its owner only. */
export const controlFile = ".tinylove/serve.json";
export const ControlFile = z.strictObject({ url: z.string(), token: z.string() });
export type ControlFile = z.infer<typeof ControlFile>;
