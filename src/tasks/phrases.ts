import { StudyError } from "../workbench/errors.ts";

/** The phrases of a page in the participant's language, by key; a key that is missing throws. */
export interface Words {
  (key: string): string;
  /** The code of the language, such as `en`. */
  readonly language: string;
}

/** A task's own phrases: by the code of a language, then by key. Every language has the same keys. */
export type TaskPhrases = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * Throws StudyError where a task has phrases, and none in that language. Nothing falls back to English: a page that is
 * half in another language would be a different stimulus.
 */
export function checkLanguage(task: string, phrases: TaskPhrases, language: string): void {
  if (phrases[language] || Object.keys(phrases).length === 0) return;
  throw new StudyError(`the task ${task} has no phrases in the language ${language}`, {
    hint: `add them to the task, or set survey.language to ${Object.keys(phrases).join(" or ")}`,
  });
}

/**
 * The phrases that a task's items are written with: its own in the participant's language, and the survey's general
 * ones for any other key. Throws StudyError as `checkLanguage`.
 */
export function ownWords(task: string, phrases: TaskPhrases, general: Words): Words {
  const { language } = general;
  checkLanguage(task, phrases, language);
  const own = phrases[language];
  return Object.assign((key: string) => own?.[key] ?? general(key), { language });
}

/** Throws StudyError where one language lacks a phrase that another has. */
export function checkPhrases(task: string, phrases: TaskPhrases, needed: readonly string[]): void {
  const keys = new Set([...needed, ...Object.values(phrases).flatMap((own) => Object.keys(own))]);
  for (const language of Object.keys(phrases)) {
    const missing = [...keys].find((key) => !phrases[language]![key]);
    if (missing === undefined) continue;
    throw new StudyError(`the task ${task} has no phrase "${missing}" in the language ${language}`, {
      hint: "give every language of the task the same phrases",
    });
  }
  if (Object.keys(phrases).length === 0 && keys.size > 0) {
    throw new StudyError(`the task ${task} has no phrases`, {
      hint: `give it phrases: { en: { ${[...keys].map((key) => `${key}: "..."`).join(", ")} } }`,
    });
  }
}
