import { z } from "zod";
import { Generation } from "../study/generation.ts";
import type { Story } from "../study/story.ts";
import { factorialFile, readGenerations, readStories } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { readJsonLines } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";

/**
 * Which texts are coded: the study's own, or those of the factorial with its example stories and the stories of its
 * titles.
 */
export const TextSet = z.enum(["study", "factorial"]);
export type TextSet = z.infer<typeof TextSet>;

/**
 * The texts of a set: stories by people and generations. Throws StudyError if there are no stories, or no factorial
 * yet.
 */
export async function readTextSet(
  study: Study,
  textSet: TextSet,
): Promise<{ readonly stories: readonly Story[]; readonly generations: readonly Generation[] }> {
  const stories = await readStories(study);
  if (textSet === "study") return { stories, generations: await readGenerations(study) };
  const generations = await readJsonLines(
    study.path(factorialFile),
    Generation,
    "run `tinylove factorial` first",
  );
  const used = new Set(generations.flatMap(({ story, examples }) => [story, ...examples]));
  return { stories: stories.filter(({ id }) => used.has(id)), generations };
}

/** A coder's name that can be a file's; throws StudyError for another. */
export function checkedCoder(name: string): string {
  if (/^[a-z0-9][a-z0-9_-]{0,39}$/i.test(name)) return name;
  throw new StudyError(`coder ${name}: not a valid name`, {
    hint: "use letters, digits, - and _, at most 40",
  });
}

const factorialSuffix = "-influence";

/** The longest name of a coder, so that the file's name is valid too. */
export const longestCoder = (textSet: TextSet): number =>
  40 - (textSet === "factorial" ? factorialSuffix.length : 0);

/**
 * The name of a coder's file for a text set. Files are written whole, so each set has its own. Throws StudyError for
 * an invalid name, or one that a file of the other set could have.
 */
export function coderInTextSet(name: string, textSet: TextSet): string {
  const checked = checkedCoder(name);
  if (checked.endsWith(factorialSuffix)) {
    throw new StudyError(`coder ${name}: names with this ending are for codes of the factorial's texts`, {
      hint: `try ${checked.slice(0, -factorialSuffix.length) || "another name"}`,
    });
  }
  return checkedCoder(textSet === "factorial" ? checked + factorialSuffix : checked);
}

/** The coder and the text set of a file's name, the inverse of `coderInTextSet`. */
export const textSetOf = (file: string): { readonly name: string; readonly textSet: TextSet } =>
  file.endsWith(factorialSuffix)
    ? { name: file.slice(0, -factorialSuffix.length), textSet: "factorial" }
    : { name: file, textSet: "study" };
