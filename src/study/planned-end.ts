import type { StudyConfig } from "./config.ts";

/** Readers at which a study ends: where it says when to stop, else where the survey closes; undefined where neither does. */
export const plannedEnd = ({ analyse, survey }: Settings): number | undefined =>
  analyse.stop.readers ?? survey.quota;

interface Settings {
  readonly analyse: Pick<StudyConfig["analyse"], "stop">;
  readonly survey: Pick<StudyConfig["survey"], "quota">;
}
