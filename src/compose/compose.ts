import { rm } from "node:fs/promises";
import type { ClipSummary } from "../study/clip-summary.ts";
import type { Form } from "../study/form.ts";
import type { Key, Stimulus } from "../study/stimulus.ts";
import {
  clipSummaryFile,
  formsFolder,
  generationsFolder,
  keyFile,
  readGenerations,
  readJudgments,
  readStories,
  stimuliFile,
  storiesFile,
} from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, filesUnder, jsonLines, readText, writeWhole } from "../workbench/files.ts";
import { stage } from "../workbench/stage.ts";
import type { Study } from "../workbench/study.ts";
import { csv } from "../workbench/tables.ts";
import { candidatesOf } from "./candidates.ts";
import { formsOf } from "./forms.ts";
import { layOut } from "./layout.ts";
import { stimuliOf } from "./stimuli.ts";
import { summaryOf } from "./summary.ts";

/** Clips human and machine stories alike (Truncated Content Generation) and balances them over forms. */
export const compose = stage({
  name: "compose",
  summary: "Clip the stories and balance them over forms",
  examples: ["tinylove compose --study my-study"],
  reads: [storiesFile, generationsFolder],
  writes: ["stimuli", formsFolder],
  settings: ({ config }) => config.compose,
  async run(study, _, effects) {
    const settings = study.config.compose;
    const stories = await readStories(study);
    const generations = await readGenerations(study);
    const candidates = candidatesOf(stories, generations, settings);
    const places = layOut(candidates, settings, study.random("layout"));
    const { stimuli, key } = stimuliOf(places, candidates.range, settings, study);
    const forms = formsOf(places, settings, study);
    const summary = summaryOf(candidates, stimuli, key, settings);
    await writeAll(study, { stimuli, key, forms, summary });
    effects.log(`  ${sayWhatWasMade(forms, summary)}`);
  },
});

interface Composed {
  readonly stimuli: readonly Stimulus[];
  readonly key: readonly Key[];
  readonly forms: readonly Form[];
  readonly summary: ClipSummary;
}

async function writeAll(study: Study, { stimuli, key, forms, summary }: Composed): Promise<void> {
  const files = new Map([
    [stimuliFile, jsonLines(stimuli)],
    [keyFile, csv(["stimulus", "origin", "story", "generation", "model", "example"], key)],
    [clipSummaryFile, `${JSON.stringify(summary, null, 2)}\n`],
    ...forms.map((form) => [`${formsFolder}/${form.id}.json`, `${JSON.stringify(form, null, 2)}\n`] as const),
  ]);
  await refuseUnderJudgments(study, files);
  for (const file of await filesUnder(study.path(formsFolder))) {
    if (![...files.keys()].some((path) => study.path(path) === file)) await rm(file);
  }
  for (const [path, content] of files) await writeWhole(study.path(path), content);
}

/** Judgments are of the forms that were read; forms that change under them would make them judgments of nothing. */
async function refuseUnderJudgments(study: Study, files: ReadonlyMap<string, string>): Promise<void> {
  const judged = (await readJudgments(study)).length;
  if (judged === 0 && !(await exists(study.path("survey.sqlite")))) return;
  for (const [path, content] of files) {
    const now = (await exists(study.path(path))) ? await readText(study.path(path)) : undefined;
    if (now !== undefined && now !== content) {
      throw new StudyError(
        `${path} would change, but people have been reading the present forms (${judged} judgments)`,
        {
          hint: "make a new study for the new forms, or undo the change of study.yaml",
        },
      );
    }
  }
}

function sayWhatWasMade(forms: readonly Form[], { human, machine, range }: ClipSummary): string {
  const tooShort = `too short: ${human.tooShort} human, ${machine.tooShort} machine`;
  return `${forms.length} forms, ${human.used} human and ${machine.used} machine stories of ${range.least} to ${range.most} words (${tooShort})`;
}
