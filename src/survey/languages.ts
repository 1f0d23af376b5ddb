import { readdirSync, readFileSync } from "node:fs";
import { z } from "zod";
import { StudyError } from "../workbench/errors.ts";
import { packageFolder } from "../workbench/version.ts";

/** The text for a key; `values` replace its `{name}` placeholders. Throws for a key that the language lacks. */
export interface Phrases {
  (key: string, values?: Readonly<Record<string, string | number>>): string;
  /** The code of the language. */
  readonly language: string;
}

const folder = new URL("src/survey/languages/", packageFolder);

/** The codes of the available languages: one JSON file each in `src/survey/languages`. */
export const languages = (): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .sort();

/** The phrases of a language, except those of tasks. Throws StudyError for an unknown language. */
export function phrasesOf(code: string): Phrases {
  if (!languages().includes(code)) {
    throw new StudyError(`survey.language: no language ${code}`, { hint: `try ${languages().join(", ")}` });
  }
  const texts = z
    .record(z.string(), z.string())
    .parse(JSON.parse(readFileSync(new URL(`${code}.json`, folder), "utf8")));
  const phrase = (key: string, values: Readonly<Record<string, string | number>> = {}): string => {
    const text = texts[key];
    if (text === undefined) throw new Error(`language ${code} lacks "${key}"`);
    return text.replace(/\{(\w+)\}/g, (placeholder, name: string) => String(values[name] ?? placeholder));
  };
  return Object.assign(phrase, { language: code });
}
