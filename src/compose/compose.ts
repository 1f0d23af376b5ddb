import { rm } from "node:fs/promises";
import { assertUnchanged } from "../registration/assert-not-frozen.ts";
import { deviationsOf } from "../registration/registration.ts";
import type { ClipSummary } from "../study/clip-summary.ts";
import type { StudyConfig } from "../study/config.ts";
import type { Form } from "../study/form.ts";
import { pValue } from "../study/print.ts";
import type { Key, Stimulus } from "../study/stimulus.ts";
import { csv } from "../tables/tables.ts";
import { checkTaskSettings } from "../tasks/task-settings.ts";
import { taskNamed, taskNames } from "../tasks/tasks.ts";
import {
  clipSummaryFile,
  formsFolder,
  generationsFolder,
  keyFile,
  readGenerations,
  readStories,
  stimuliFile,
  storiesFile,
} from "../workbench/artefacts.ts";
import type { Effects } from "../workbench/effects.ts";
import { filesUnder, jsonLines, writeWhole } from "../workbench/files.ts";
import { stage } from "../workbench/stage.ts";
import type { Study } from "../workbench/study.ts";
import { auditCleaning, lengthDifference } from "./audit.ts";
import { candidatesOf } from "./candidates.ts";
import { readTwice, summaryOf } from "./clip-summary.ts";
import { showsWhole } from "./conditions.ts";
import { checkEnough } from "./enough.ts";
import { formsOf } from "./forms.ts";
import { layOut } from "./layout.ts";
import { stimuliOf } from "./stimuli.ts";

/**
 * Clips human and machine stories to the same length (Truncated Content Generation), or chooses whole ones of the same
 * length, and balances them over forms.
 */
export const compose = stage({
  name: "compose",
  examples: ["tinylove compose --study my-study"],
  reads: [storiesFile, generationsFolder],
  writes: ["stimuli", formsFolder],
  settings: ({ config: { compose, survey } }) =>
    survey.questions.length === 0 ? compose : { ...compose, questions: survey.questions.map(shapeOf) },
  inputs: ({ plugins }) => plugins.filesOf("task"),
  assertNotFrozen: (study) => assertUnchanged(study, async () => filesOf(await composed(study))),
  preflight: checkEnough,
  async run(study, _, effects) {
    const made = await composed(study);
    await writeAll(study, filesOf(made));
    effects.log(`  ${composedSummary(made)}`);
    warnAboutSettings(made, study, effects);
    warnAboutLengths(made, study, effects);
    await auditCleaning(study, made, effects);
    for (const deviation of await deviationsOf(study)) effects.warn(`${deviation}: the report will show it`);
  },
});

/** What the forms depend on in a question: its texts may change. */
const shapeOf = (question: StudyConfig["survey"]["questions"][number]) => ({
  name: question.name,
  kind: question.kind,
  about: "about" in question ? question.about : "pair",
});

interface Composed {
  readonly stimuli: readonly Stimulus[];
  readonly key: readonly Key[];
  readonly forms: readonly Form[];
  readonly summary: ClipSummary;
}

async function composed(study: Study): Promise<Composed> {
  checkTaskSettings(study.config);
  const settings = study.config.compose;
  const candidates = candidatesOf(await readStories(study), await readGenerations(study), settings);
  const places = layOut(candidates, settings, study.random("layout"));
  const { stimuli, key } = stimuliOf(places, candidates.range, settings, study);
  const forms = formsOf(places, settings, study);
  return { stimuli, key, forms, summary: summaryOf(candidates, stimuli, key, forms, settings) };
}

const filesOf = ({ stimuli, key, forms, summary }: Composed): Map<string, string> =>
  new Map([
    [stimuliFile, jsonLines(stimuli)],
    [keyFile, csv(["stimulus", "origin", "story", "generation", "model", "example"], key)],
    [clipSummaryFile, `${JSON.stringify(summary, null, 2)}\n`],
    ...forms.map((form) => [`${formsFolder}/${form.id}.json`, `${JSON.stringify(form, null, 2)}\n`] as const),
  ]);

async function writeAll(study: Study, files: ReadonlyMap<string, string>): Promise<void> {
  for (const file of await filesUnder(study.path(formsFolder))) {
    if (![...files.keys()].some((path) => study.path(path) === file)) await rm(file);
  }
  for (const [path, content] of files) await writeWhole(study.path(path), content);
}

function composedSummary({ forms, summary: { human, machine, range, clip } }: Composed): string {
  const tooShort = `${clip === "none" ? "outside this range" : "too short"}: ${human.tooShort} human, ${machine.tooShort} machine`;
  return `${forms.length} forms, ${human.used} human and ${machine.used} machine stories, ${clip === "none" ? "whole, of" : "cut to"} ${range.least} to ${range.most} words (${tooShort})`;
}

/** Warns if whole stories of one side are longer: with too few titles to choose from, lengths cannot be matched. */
function warnAboutLengths({ stimuli, key }: Composed, study: Study, { warn }: Effects): void {
  if (!showsWhole(study.config.compose)) return;
  const texts = stimuli.map(({ words, cut }, at) => ({ origin: key[at]!.origin, words: words + cut }));
  const found = lengthDifference(texts, study.random("compose", "lengths"));
  if (!found || found.p > 0.05) return;
  const longer = found.humanLonger > 0 ? "human" : "machine";
  warn(
    `the ${longer} stories are longer, which may reveal who wrote them (${pValue(found.p)}): lower compose.tolerance, or generate more titles to choose from`,
  );
}

/** Warns about settings that may be intended but weaken the study. */
function warnAboutSettings({ forms, summary }: Composed, { config }: Study, { warn }: Effects): void {
  if (summary.rereadings) {
    const { questions } = forms[0]!;
    const read = new Set(questions.flatMap(({ stimuli }) => stimuli)).size;
    warn(
      `${readTwice(forms[0]!).length} of ${read} stories of a form are read twice, alone and in a pair (compose.pairs: reread); the pairs come last, and readers already know their stories`,
    );
  }
  const { conditions, human, machine } = config.compose;
  const cells = conditions?.of.length ?? 1;
  if (conditions?.by === "story" && (human % cells > 0 || machine % cells > 0))
    warn(
      `${human} human and ${machine} machine stories cannot be divided equally among ${cells} conditions: set compose.human and compose.machine to multiples of ${cells}`,
    );
  const asksAbout = config.compose.tasks.some(({ task }) => taskNamed(task)?.kind === "about");
  if (config.survey.demographics.length > 0 && !asksAbout)
    warn(
      `the questions in survey.demographics are never shown: add the task ${taskNames("about")} to compose.tasks`,
    );
}
