import { join } from "node:path";
import { z } from "zod";
import { askedIn, instructionsFor } from "../survey/instructions.ts";
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
    if (study.config.compose.conditions) {
      throw new StudyError("a study with compose.conditions cannot be exported to another form system", {
        hint: "these systems would not balance the conditions; use `tinylove serve`, or remove compose.conditions",
      });
    }
    for (const line of notCarried(format, study.config.compose.tasks)) effects.warn(`${name}: ${line}`);
    const files = format.exportForms(portableForms(study, materials), surveyTexts(study, materials));
    for (const [file, content] of Object.entries(files)) {
      const path = study.path(join("exports", name, file));
      await writeWhole(path, content);
      effects.print(path);
    }
  },
});

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
  return [...forms.values()].map(({ id, questions }) => ({
    id,
    questions: [...questions.filter(isFirst), ...questions.filter((question) => !isFirst(question))].map(
      (question) => ({
        id: question.id,
        task: question.task,
        stimuli: question.stimuli.map((stimulus) => stimuli.get(stimulus)!),
        items: taskNamed(question.task)!.items(words, demographics),
      }),
    ),
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
    language: survey.language,
    words,
  };
}
