import { z } from "zod";
import { frozenOf, type Registration, readRegistration } from "../registration/registration.ts";
import { readJudgments, registrationFile, stimuliFile } from "../workbench/artefacts.ts";
import { timestamp } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, writeWhole } from "../workbench/files.ts";
import { command } from "../workbench/stage.ts";
import { openStudy } from "../workbench/study.ts";
import { versions } from "../workbench/version.ts";
import { designIfAny, evenDesign } from "./design.ts";
import { tooFewForText } from "./power-plan.ts";

/** `tinylove preregister`: freezes margin, exclusions, stopping rule and the hashes of the stories, before data collection. */
export const preregister = command({
  name: "preregister",
  examples: ["tinylove preregister --study my-study"],
  flags: [["--late", "register although there are already judgments; the report will say so"]],
  options: z.object({ late: z.boolean().default(false) }),
  async run(folder, { late }, effects) {
    const study = await openStudy(folder);
    const before = await readRegistration(study);
    if (before) {
      throw new StudyError(`${registrationFile} was made at ${before.at}`, {
        hint: "a registration is made once; the report lists all deviations from it",
      });
    }
    if (!(await exists(study.path(stimuliFile)))) {
      throw new StudyError("there are no stories to register yet", { hint: "run `tinylove compose` first" });
    }
    const judgments = (await readJudgments(study)).length;
    if (judgments > 0 && !late) {
      throw new StudyError(`there are ${judgments} judgments already`, {
        hint: "register before data collection, or use --late (the report will say so)",
      });
    }
    const frozen = await frozenOf(study);
    const registration: Registration = { at: timestamp(effects), judgments, versions: versions(), frozen };
    await writeWhole(study.path(registrationFile), `${JSON.stringify(registration, null, 2)}\n`);
    const end =
      frozen.readers === null
        ? "no planned end (survey.quota, analyse.stop.readers)"
        : `${frozen.readers} readers`;
    const design = await designIfAny(study);
    const tooFew = design && tooFewForText(evenDesign(design), frozen.analyse);
    effects.print(
      `registered: margin ${frozen.analyse.margin}, alpha ${frozen.analyse.alpha}, ${end}, ${Object.keys(frozen.hashes).join(" and ")} by hash\n${study.path(registrationFile)}`,
    );
    if (tooFew !== undefined) effects.warn(tooFew);
  },
});
