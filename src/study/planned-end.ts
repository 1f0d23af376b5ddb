import type { StudyConfig } from "./config.ts";

/** Readers at which a study ends: where it says when to stop, else where the survey closes; undefined where neither does. */
export const plannedEnd = ({
  analyse,
  survey,
}: Pick<StudyConfig, "analyse" | "survey">): number | undefined => analyse.stop.readers ?? survey.quota;
