import { z } from "zod";
import {
  corpusSummaryFile,
  findingFiles,
  findingsFolder,
  formsFolder,
  generationsFolder,
  judgmentsFile,
  keyFile,
  stimuliFile,
} from "../workbench/artefacts.ts";
import { stage } from "../workbench/stage.ts";

/** `tinylove report`: writes the page, Markdown, and every figure and table as a file. */
export const report = stage({
  name: "report",
  examples: ["tinylove report --study my-study", "tinylove report --no-pdf"],
  flags: [["--no-pdf", "do not write report.pdf and report-full.pdf (written if Chromium is installed)"]],
  options: z.object({ pdf: z.boolean().default(true) }),
  reads: [
    findingsFolder,
    corpusSummaryFile,
    generationsFolder,
    stimuliFile,
    keyFile,
    formsFolder,
    judgmentsFile,
  ],
  writes: ["report"],
  // Findings outside `findings/` (influence, tuned models) are shown too.
  inputs: findingFiles,
  settings: ({ config }) => ({ title: config.title, seed: config.seed, margin: config.analyse.margin }),
  // The library that draws figures is large, so it is loaded only when a page is written.
  run: async (...given) => (await import("./write-report.ts")).writeReport(...given),
});
