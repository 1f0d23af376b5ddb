import { stringify } from "yaml";
import { instructionsFor } from "../survey/instructions.ts";
import { phrasesOf } from "../survey/languages.ts";
import { lengthOf, withLength } from "../survey/length.ts";
import { TaskFacts } from "../tasks/kinds.ts";
import { taskNamed } from "../tasks/tasks.ts";
import type { Study } from "../workbench/study.ts";
import type { About } from "./descriptor.ts";
import type { Choices, Published } from "./published.ts";
import { readmeOf } from "./readme.ts";
import type { Table } from "./table.ts";

/** What stands around the tables, by path. */
export function papersOf(
  study: Study,
  published: Published,
  about: About,
  tables: readonly Table[],
  choices: Choices,
): Map<string, string> {
  const { registration, verdict } = published;
  const papers = new Map([
    ["settings.json", settingsOf(study, published)],
    ["CITATION.cff", citationOf(about)],
  ]);
  if (registration !== undefined) papers.set("preregistration.json", registration);
  if (verdict) papers.set("check.R", verdict.program);
  return papers.set("README.md", readmeOf(about, tables, choices, new Set(papers.keys())));
}

/** CITATION.cff, version 1.2.0. */
const citationOf = ({ title, description, licence, authors }: About): string =>
  stringify({
    "cff-version": "1.2.0",
    message: "Please cite these data as below; add the DOI that the archive gives them.",
    type: "dataset",
    title,
    abstract: description,
    authors: authors.length > 0 ? authors.map((name) => ({ name })) : [{ name: `The authors of “${title}”` }],
    ...(licence && { license: licence }),
    keywords: ["very short stories", "language models", "readers"],
  });

/** settings.json: what the study asked and how, without whom to write to, codes of recruiting, files and servers. */
function settingsOf({ config }: Study, { forms, stimuli, analyse }: Published): string {
  const { name, title, seed, compose, corpus, generate, survey } = config;
  const { language, example, demographics, quota, back, feedback } = survey;
  const words = phrasesOf(language);
  const length = lengthOf(forms, new Map(stimuli.map((stimulus) => [stimulus.id, stimulus])));
  const { prompts, examples, titles, attempts, tokens, temperature, topP, topK, minP, repeatPenalty } =
    generate;
  // The model's address may be a path of somebody's machine; the generations name it without.
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
      // As participants read it, whoever wrote it; all forms ask the same.
      consent: withLength(survey.consent || words("consent.text"), length),
      instructions:
        withLength(survey.instructions, length) || instructionsFor(forms[0]!.questions, language, words),
      example,
      demographics,
      quota,
      back,
      feedback,
    },
    analyse,
  };
  return `${JSON.stringify(settings, null, 2)}\n`;
}

/** What each task asks, so that the tables can be analysed where its plugin is not. */
const tasksOf = (forms: Published["forms"]): Record<string, TaskFacts> =>
  Object.fromEntries(
    [...new Set(forms.flatMap(({ questions }) => questions.map(({ task }) => task)))]
      .flatMap((name) => taskNamed(name) ?? [])
      .map((task) => [task.name, TaskFacts.parse(task)]),
  );
