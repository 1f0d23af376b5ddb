import {
  clipSummaryFile,
  codesFile,
  corpusSummaryFile,
  findingsFolder,
  formsFolder,
  generationsFolder,
  judgmentsFile,
  keyFile,
  participantsFile,
  registrationFile,
  stimuliFile,
  themesFile,
  visitsFile,
} from "../workbench/artefacts.ts";
import type { Recorded } from "../workbench/manifest.ts";

/** The inputs of a study's findings, for the stage `analyse`. The data package checks if the findings are up to date. */
export const analyseRecord: Recorded = {
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
    participantsFile,
    visitsFile,
    themesFile,
  ],
  writes: [findingsFolder],
  inputs: ({ plugins }) => plugins.filesOf("analysis", "task"),
  settings: ({ config: { analyse, survey } }) => ({
    ...analyse,
    quota: survey.quota,
    ...(survey.questions.length > 0 && { questions: survey.questions }),
  }),
};
