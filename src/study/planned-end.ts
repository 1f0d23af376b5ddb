import type { StudyConfig } from "./config.ts";

/** The number of readers at which a study ends: `analyse.stop.readers`, else `survey.quota`, else undefined. */
export const plannedEnd = ({ analyse, survey }: Settings): number | undefined =>
  analyse.stop.readers ?? survey.quota;

interface Settings {
  readonly analyse: Pick<StudyConfig["analyse"], "stop">;
  readonly survey: Pick<StudyConfig["survey"], "quota">;
}
