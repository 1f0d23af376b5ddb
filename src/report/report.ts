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

/** Writes what was found as a page, as Markdown, and every figure and table as a file of its own. */
export const report = stage({
  name: "report",
  summary: "Write the report: page, Markdown, figures and tables",
  examples: ["tinylove report --study my-study", "tinylove report --no-pdf"],
  flags: [["--no-pdf", "leave the PDF out (it is made where Chromium is installed)"]],
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
  // What was found outside `findings/`, of influence and of tuned models, is shown too where there is any.
  inputs: findingFiles,
  settings: ({ config }) => ({ title: config.title, seed: config.seed, margin: config.analyse.margin }),
  // What draws figures is large, so it is loaded when a page is written.
  run: async (...given) => (await import("./write-report.ts")).writeReport(...given),
});
