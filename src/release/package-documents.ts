import { stringify } from "yaml";
import { askedIn, instructionsFor } from "../survey/instructions.ts";
import { phrasesOf } from "../survey/languages.ts";
import { fillIn, surveyLengthOf } from "../survey/survey-length.ts";
import { TaskProperties } from "../tasks/kinds.ts";
import { taskNamed } from "../tasks/tasks.ts";
import type { Study } from "../workbench/study.ts";
import type { PackageInfo } from "./descriptor.ts";
import type { PackageData, PackageOptions } from "./package-data.ts";
import { readmeOf } from "./readme.ts";
import type { Table } from "./table.ts";

/** The documents that accompany the tables, by path. */
export function documentsOf(
  study: Study,
  published: PackageData,
  info: PackageInfo,
  tables: readonly Table[],
  choices: PackageOptions,
): Map<string, string> {
  const { registration, verdict } = published;
  const documents = new Map([
    ["settings.json", settingsOf(study, published)],
    ["CITATION.cff", citationOf(info)],
  ]);
  if (registration !== undefined) documents.set("preregistration.json", registration);
  if (verdict) documents.set("check.R", verdict.program);
  return documents.set("README.md", readmeOf(info, tables, choices, new Set(documents.keys())));
}

/** CITATION.cff, version 1.2.0. */
const citationOf = ({ title, description, licence, authors }: PackageInfo): string =>
  stringify({
    "cff-version": "1.2.0",
    message: "Please cite these data as below, with the DOI from the archive.",
    type: "dataset",
    title,
    abstract: description,
    authors: authors.length > 0 ? authors.map((name) => ({ name })) : [{ name: `The authors of “${title}”` }],
    ...(licence && { license: licence }),
    keywords: ["very short stories", "language models", "readers"],
  });

/** settings.json: the study's settings without the contact address, recruiting codes, file paths and servers. */
function settingsOf({ config }: Study, { forms, stimuli, analyse }: PackageData): string {
  const { name, title, seed, compose, corpus, generate, survey } = config;
  const { language, example, demographics, quota, back, feedback } = survey;
  const words = phrasesOf(language);
  const length = surveyLengthOf(forms, new Map(stimuli.map((stimulus) => [stimulus.id, stimulus])));
  // All forms have the same tasks.
  const asked = askedIn(forms[0]!.questions, language, words);
  const { prompts, examples, titles, attempts, tokens, temperature, topP, topK, minP, repeatPenalty } =
    generate;
  // The model's address may be a local path; the table of generations names it without folders.
  const factorial = generate.factorial && { ...generate.factorial, model: undefined };
  const settings = {
    name,
    title,
    seed,
    corpus: { licence: corpus.licence, note: corpus.note, words: corpus.words, split: corpus.split },
    generate: {
      factorial,
      prompts: prompts?.map((prompt) => prompt.replace(/^.*[/\\]/, "")),
      ...{ examples, titles, attempts, tokens, temperature, topP, topK, minP, repeatPenalty },
    },
    compose,
    tasks: tasksOf(forms),
    survey: {
      title: survey.title,
      language,
      // As participants read it, also if it is the default text.
      consent: fillIn(survey.consent || words("consent.text"), length, asked),
      instructions:
        fillIn(survey.instructions, length, asked) ||
        instructionsFor(forms[0]!.questions, language, words, compose.clip !== "none"),
      debrief: fillIn(survey.debrief, length, asked),
      ethics: survey.ethics,
      example,
      demographics,
      quota,
      back,
      feedback,
      reveal: survey.reveal,
      ...(survey.questions.length > 0 && { questions: survey.questions, pages: survey.pages }),
    },
    analyse,
  };
  return `${JSON.stringify(settings, null, 2)}\n`;
}

/** What each task asks, so that the tables can be analysed where its plugin is not. */
const tasksOf = (forms: PackageData["forms"]): Record<string, TaskProperties> =>
  Object.fromEntries(
    [...new Set(forms.flatMap(({ questions }) => questions.map(({ task }) => task)))]
      .flatMap((name) => taskNamed(name) ?? [])
      .map((task) => [task.name, TaskProperties.parse(task)]),
  );
