import type { OwnQuestion, Words } from "../study/settings/questions.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Item, Row } from "./items.ts";
import type { TaskKind } from "./kinds.ts";
import type { Phrases, TaskPhrases } from "./phrases.ts";
import { defineTask, type Task, type TaskDefinition, type When } from "./task.ts";

/**
 * The tasks of a question in `survey.questions`: one for each row of a matrix or criterion of a comparison, otherwise one.
 * Throws StudyError if the question contradicts itself or lacks a text in a language. `language` is that of texts without
 * a code; `languages` are all in which every text is needed.
 */
export function tasksOf(
  question: OwnQuestion,
  language: string,
  languages: readonly string[] = languagesIn([question], language),
): Task[] {
  checkRating(question);
  const { name, kind } = question;
  const rows = rowsOf(question);
  if (rows && !(kind === "rating" && question.about === "reader"))
    return Object.entries(rows).map(([row, text]) =>
      taskFrom(question, `${name}-${row}`, { row: text }, language, languages, name),
    );
  return [taskFrom(question, name, {}, language, languages)];
}

/** The names of the tasks of a question. */
export const taskNamesOf = (question: OwnQuestion): string[] => {
  const rows = rowsOf(question);
  if (!rows || (question.kind === "rating" && question.about === "reader")) return [question.name];
  return Object.keys(rows).map((row) => `${question.name}-${row}`);
};

/** The languages that a study needs: that of its survey, and all in which some question has a text. */
export const languagesIn = (questions: readonly OwnQuestion[], language: string): string[] => [
  ...new Set([language, ...questions.flatMap((question) => textsIn(question).flatMap(codesIn))]),
];

/** Whether every text has its languages, so that the survey's own language makes no difference. */
export const isInSeveralLanguages = (question: OwnQuestion): boolean =>
  textsIn(question).every((words) => typeof words !== "string");

const codesIn = (words: Words): string[] => (typeof words === "string" ? [] : Object.keys(words));

/** All texts of a question. */
function textsIn(question: OwnQuestion): Words[] {
  const { ask, asked } = question;
  return [
    ask,
    ...(asked === undefined ? [] : [asked]),
    ...Object.values(rowsOf(question) ?? {}),
    ...(question.kind === "choice" ? Object.values(question.options) : []),
    ...(question.kind === "rating"
      ? [question.low, question.high, ...(question.labels ?? [])].filter((text) => text !== undefined)
      : []),
  ];
}

/** The rows of a matrix, or the criteria of a comparison. */
const rowsOf = (question: OwnQuestion): Readonly<Record<string, Words>> | undefined =>
  question.kind === "rating" ? question.items : question.kind === "better" ? question.criteria : undefined;

function checkRating(question: OwnQuestion): void {
  if (question.kind !== "rating") return;
  const { name, labels, low, high, steps } = question;
  const where = `survey.questions: ${name}`;
  if (labels && (low !== undefined || high !== undefined || steps !== undefined)) {
    throw new StudyError(`${where} has labels for each step, and also steps, low or high`, {
      hint: "keep one of the two",
    });
  }
  if (!labels && (low === undefined || high === undefined)) {
    throw new StudyError(`${where} has no labels for its scale`, {
      hint: "set low and high, the labels of both ends, or labels, one for each step",
    });
  }
}

/** The task of a question, or of one of its rows (`texts.row`). */
function taskFrom(
  question: OwnQuestion,
  name: string,
  texts: { readonly row?: Words },
  language: string,
  languages: readonly string[],
  group?: string,
): Task {
  const { kind } = question;
  const isAbout = kind !== "better" && question.about === "reader";
  const stories = kind === "better" || (kind === "text" && question.about === "pair") ? 2 : isAbout ? 0 : 1;
  const definition: TaskDefinition = {
    name,
    kind: isAbout ? "about" : taskKinds[kind],
    ...(kind === "text" && stories > 0 && { stories }),
    ...(isAbout && { at: question.at }),
    ...(group !== undefined && { group }),
    ...(question.if && { when: whenOf(question.if) }),
    phrases: phrasesOf(question, texts, stories, language, languages),
    items: (words) =>
      itemsOf(question, isAbout ? fieldNameOf(name) : "answer", texts.row !== undefined, words),
  };
  return defineTask(definition);
}

const taskKinds: Readonly<Record<OwnQuestion["kind"], TaskKind>> = {
  rating: "rating",
  choice: "choice",
  text: "text",
  better: "pair",
};

/** The column of an answer about the participant. */
const fieldNameOf = (name: string): string => name.replaceAll("-", "_");

function whenOf({ question, item = "answer", is }: NonNullable<OwnQuestion["if"]>): When {
  return { task: question, item, is: [is].flat().map(String) };
}

/** Every text of the task by language and key. Throws StudyError for a text that is missing in a language. */
function phrasesOf(
  question: OwnQuestion,
  { row }: { readonly row?: Words },
  stories: number,
  language: string,
  languages: readonly string[],
): TaskPhrases {
  const { kind, ask, asked } = question;
  const texts: Record<string, Words> = {
    ask,
    ...(asked !== undefined && { asked }),
    ...(row !== undefined && { row }),
    ...(kind === "rating" && {
      ...(question.low !== undefined && { low: question.low }),
      ...(question.high !== undefined && { high: question.high }),
      ...numbered("label", question.labels ?? []),
      ...(row === undefined && named("item", question.items ?? {})),
    }),
    ...(kind === "choice" && named("option", question.options)),
  };
  const where = `survey.questions: ${question.name}`;
  return Object.fromEntries(
    languages.map((code) => [
      code,
      {
        ...(stories > 0 && { asked: defaultAsked(where, stories, code, asked !== undefined) }),
        ...Object.fromEntries(
          Object.entries(texts).map(([key, words]) => [key, textIn(where, key, words, code, language)]),
        ),
      },
    ]),
  );
}

const named = (key: string, texts: Readonly<Record<string, Words>>): Record<string, Words> =>
  Object.fromEntries(Object.entries(texts).map(([name, words]) => [`${key}.${name}`, words]));

const numbered = (key: string, texts: readonly Words[]): Record<string, Words> =>
  Object.fromEntries(texts.map((words, at) => [`${key}.${at + 1}`, words]));

function textIn(where: string, key: string, words: Words, code: string, language: string): string {
  const text = typeof words === "string" ? (code === language ? words : undefined) : words[code];
  if (text !== undefined) return text;
  throw new StudyError(`${where}: ${key} has no text in the language ${code}`, {
    hint: `write {${[...new Set([...codesIn(words), language, code])].map((one) => `${one}: ...`).join(", ")}}; every question needs the same languages`,
  });
}

/** Completes "You will be asked ..." for questions without `asked`. */
function defaultAsked(where: string, stories: number, code: string, given: boolean): string {
  const known = generalAsked[code];
  if (known) return known[stories === 2 ? 1 : 0];
  if (given) return "";
  throw new StudyError(`${where} needs asked in the language ${code}`, {
    hint: "it completes “You will be asked ...” in the instructions: what you think of a story",
  });
}

const generalAsked: Readonly<Record<string, readonly [story: string, pair: string]>> = {
  en: ["what you think of a story", "what you think of two stories"],
  de: ["was Sie von einer Geschichte halten", "was Sie von zwei Geschichten halten"],
};

/** What participants fill in. `name` is the field of the answer; `isRow` is true for one row of a matrix. */
function itemsOf(question: OwnQuestion, name: string, isRow: boolean, words: Phrases): Item[] {
  const { kind, required } = question;
  const ask = words("ask");
  const row = (text: string): { readonly ask: string; readonly row: Row } => ({
    ask: `${ask} ${text}`,
    row: { lead: ask, text },
  });
  const asking = isRow ? row(words("row")) : { ask };
  if (kind === "rating") {
    const scale = { kind: "scale", ...scaleOf(question, words), required } as const;
    if (isRow || !question.items) return [{ ...scale, name, ...asking }];
    return Object.keys(question.items).map((item) => ({
      ...scale,
      name: `${name}_${item}`,
      ...row(words(`item.${item}`)),
    }));
  }
  if (kind === "better") {
    const answers = ["left", "right", ...(question.ties ? ["tie"] : [])];
    const options = answers.map((answer) => [answer, words(`better.${answer}`)] as const);
    return [{ kind: "choice", name, ...asking, options, required, small: isRow }];
  }
  if (kind === "choice") {
    const options = Object.keys(question.options).map(
      (option) => [option, words(`option.${option}`)] as const,
    );
    if (question.several) return [{ kind: "several", name, ask, options, required }];
    return [{ kind: "choice", name, ask, options, required, small: true }];
  }
  const { least } = question;
  return [{ kind: "text", name, ask, most: 4000, rows: 4, required, ...(least !== undefined && { least }) }];
}

const defaultSteps = 7;

function scaleOf({ labels, steps }: Extract<OwnQuestion, { kind: "rating" }>, words: Phrases) {
  const count = labels?.length ?? steps ?? defaultSteps;
  const levels = Array.from({ length: count }, (_, at) => String(at + 1));
  if (!labels) return { levels, ends: [words("low"), words("high")] as const };
  const texts = levels.map((level) => words(`label.${level}`));
  return { levels, ends: [texts[0]!, texts.at(-1)!] as const, labels: texts };
}
