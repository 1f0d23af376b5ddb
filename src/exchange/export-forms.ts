import { join } from "node:path";
import { z } from "zod";
import { conditionOf } from "../study/form.ts";
import { askedIn, furtherInstructions, instructionsFor } from "../survey/instructions.ts";
import { phrasesOf } from "../survey/languages.ts";
import { readStudyMaterials, type StudyMaterials } from "../survey/study-materials.ts";
import { fillIn, surveyLengthOf } from "../survey/survey-length.ts";
import { taskNamed } from "../tasks/tasks.ts";
import { StudyError } from "../workbench/errors.ts";
import { writeWhole } from "../workbench/files.ts";
import { command } from "../workbench/stage.ts";
import { openStudy, type Study } from "../workbench/study.ts";
import type { Format } from "./format.ts";
import { formats } from "./formats.ts";
import type { PortableForm, SurveyTexts } from "./portable-form.ts";

const names = formats.map(({ name }) => name);

/** `tinylove export-forms`: writes the study's forms for another form system, without origins. */
export const exportForms = command({
  name: "export-forms",
  examples: formats.map(({ name }) => `tinylove export-forms ${name} --study my-study`),
  parameters: [["<format>", names.join(", ")]],
  options: z.object({ format: z.string() }),
  async run(folder, { format: name }, effects) {
    const format = formats.find((one) => one.name === name);
    if (!format) throw new StudyError(`unknown format: ${name}`, { hint: `try ${names.join(", ")}` });
    const study = await openStudy(folder);
    const materials = await readStudyMaterials(study);
    assertPortable(study);
    for (const line of notCarried(format, study.config.compose.tasks)) effects.warn(`${name}: ${line}`);
    const files = format.exportForms(portableForms(study, materials), surveyTexts(study, materials));
    for (const [file, content] of Object.entries(files)) {
      const path = study.path(join("exports", name, file));
      await writeWhole(path, content);
      effects.print(path);
    }
  },
});

/** Throws StudyError for conditions that need a server: the page would contain the answers, or has no clock. */
function assertPortable({ config }: Study): void {
  for (const { name, feedback, seconds } of config.compose.conditions?.of ?? []) {
    const what = feedback ? "feedback" : seconds !== undefined ? "a time limit (seconds)" : undefined;
    if (what === undefined) continue;
    throw new StudyError(`compose.conditions: ${name} has ${what}, which other form systems cannot show`, {
      hint: "use `tinylove serve`, or remove it",
    });
  }
}

/** What the other form system does not do, a line each. */
const notCarried = ({ checksLength }: Format, asked: Study["config"]["compose"]["tasks"]): string[] =>
  asked.flatMap(({ task: name }) => {
    const task = taskNamed(name)!;
    const hasLength = task.plainItems().some((item) => item.kind === "text" && item.least !== undefined);
    return [
      ...(task.when
        ? [`${name} is asked of everybody, also without the answer to ${task.when.task} that it depends on`]
        : []),
      ...(hasLength && !checksLength ? [`the least length of ${name} is not checked`] : []),
    ];
  });

/** The forms with the texts of their stimuli and items. Questions to participants at the start come first. */
export function portableForms(study: Study, { forms, stimuli }: StudyMaterials): PortableForm[] {
  const { language, demographics } = study.config.survey;
  const words = phrasesOf(language);
  const isFirst = ({ task }: { readonly task: string }) => taskNamed(task)!.place === "first";
  return [...forms.values()].map((form) => ({
    id: form.id,
    instructions: furtherInstructions(form),
    questions: [
      ...form.questions.filter(isFirst),
      ...form.questions.filter((question) => !isFirst(question)),
    ].map((question) => ({
      id: question.id,
      task: question.task,
      stimuli: question.stimuli.map((id) => {
        const stimulus = stimuli.get(id)!;
        return { ...stimulus, text: (conditionOf(form, question)?.whole && stimulus.whole) || stimulus.text };
      }),
      told: question.told,
      items: taskNamed(question.task)!.items(words, demographics),
    })),
  }));
}

function surveyTexts(study: Study, { forms, stimuli, cut }: StudyMaterials): SurveyTexts {
  const { survey, name } = study.config;
  const words = phrasesOf(survey.language);
  const [firstForm] = forms.values();
  const length = surveyLengthOf(forms.values(), stimuli);
  const tasks = askedIn(firstForm!.questions, survey.language, words);
  return {
    name,
    title: survey.title,
    consent: fillIn(survey.consent || words("consent.text"), length, tasks),
    // All forms have the same tasks.
    instructions:
      fillIn(survey.instructions, length, tasks) ||
      instructionsFor(firstForm!.questions, survey.language, words, cut),
    debrief: fillIn(survey.debrief, length, tasks),
    language: survey.language,
    words,
  };
}
