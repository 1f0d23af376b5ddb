import { z } from "zod";

/** `workplace:` of study.yaml: the researcher's pages, which `tinylove open` shows in a browser. */
export const WorkplaceSettings = z.strictObject({
  port: z
    .int()
    .min(0)
    .max(65535)
    .default(4300)
    .describe("The port of the researcher's pages; 0 takes a free one."),
  network: z
    .boolean()
    .default(false)
    .describe(
      "Whether the researcher's pages may also change the study (run stages, open the survey, write settings) when `tinylove open --host` makes them reachable from other machines.",
    ),
});
