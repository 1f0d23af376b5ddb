import {
  clipSummaryFile,
  codesFile,
  corpusSummaryFile,
  findingsFolder,
  formsFolder,
  generationsFolder,
  judgmentsFile,
  keyFile,
  registrationFile,
  stimuliFile,
} from "../workbench/artefacts.ts";
import type { Recorded } from "../workbench/manifest.ts";

/** What a study's findings depend on. The stage `analyse` is declared with it; the data package asks whether they are up to date. */
export const analysed: Recorded = {
  name: "analyse",
  reads: [
    corpusSummaryFile,
    generationsFolder,
    stimuliFile,
    keyFile,
    clipSummaryFile,
    registrationFile,
    codesFile,
    formsFolder,
    judgmentsFile,
  ],
  writes: [findingsFolder],
  inputs: ({ plugins }) => plugins.filesOf("analysis", "task"),
  settings: ({ config }) => ({ ...config.analyse, quota: config.survey.quota }),
};
