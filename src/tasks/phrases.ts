import { StudyError } from "../workbench/errors.ts";

/** The phrases of a page in the participant's language, by key. Throws for a missing key. */
export interface Phrases {
  (key: string): string;
  /** The code of the language, such as `en`. */
  readonly language: string;
}

/** A task's own phrases: by the code of a language, then by key. Every language has the same keys. */
export type TaskPhrases = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * Throws StudyError if a task has phrases, but none in this language. There is no fallback to English: a page in two
 * languages would be a different stimulus.
 */
export function checkLanguage(task: string, phrases: TaskPhrases, language: string): void {
  if (phrases[language] || Object.keys(phrases).length === 0) return;
  throw new StudyError(`the task ${task} has no phrases in the language ${language}`, {
    hint: `add them to the task, or set survey.language to ${Object.keys(phrases).join(" or ")}`,
  });
}

/**
 * The phrases for a task's items: its own in the participant's language, and for other keys the survey's general ones.
 * Throws StudyError like `checkLanguage`.
 */
export function phrasesForTask(task: string, phrases: TaskPhrases, general: Phrases): Phrases {
  const { language } = general;
  checkLanguage(task, phrases, language);
  const own = phrases[language];
  return Object.assign((key: string) => own?.[key] ?? general(key), { language });
}

/** Throws StudyError if a language lacks a phrase that is needed or that another language has. */
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
