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
import type * as Written from "./write-report.ts";

// What draws figures is large: it is loaded when a page is written, and no other command waits for it.
const written = (): Promise<typeof Written> => import("./write-report.ts");

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
  run: async (...given) => (await written()).writeReport(...given),
});

/** The page of findings that no study stands around: a table from anywhere. */
export const pageOfFindings = async (...given: Parameters<typeof Written.pageOfFindings>): Promise<string> =>
  (await written()).pageOfFindings(...given);
