import { z } from "zod";
import { Generation } from "../study/generation.ts";
import type { Story } from "../study/story.ts";
import { factorialFile, readGenerations, readStories } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { readJsonLines } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";

/** Which texts are coded: the study's own, or those of the factorial with the stories behind them. */
export const TextSet = z.enum(["study", "factorial"]);
export type TextSet = z.infer<typeof TextSet>;

/** The texts of a lot, by who wrote them. Throws StudyError where there are no stories, or no factorial yet. */
export async function readTextSet(
  study: Study,
  lot: TextSet,
): Promise<{ readonly stories: readonly Story[]; readonly generations: readonly Generation[] }> {
  const stories = await readStories(study);
  if (lot === "study") return { stories, generations: await readGenerations(study) };
  const generations = await readJsonLines(
    study.path(factorialFile),
    Generation,
    "run `tinylove factorial` first",
  );
  const behind = new Set(generations.flatMap(({ story, examples }) => [story, ...examples]));
  return { stories: stories.filter(({ id }) => behind.has(id)), generations };
}

/** A name that may stand in a file's; throws StudyError for another. */
export function checkedCoder(name: string): string {
  if (/^[a-z0-9][a-z0-9_-]{0,39}$/i.test(name)) return name;
  throw new StudyError(`coder ${name}: no name for a coder`, {
    hint: "use letters, digits, - and _, at most 40",
  });
}

const ending = "-influence";

/** How long a coder's name may be, so that what it becomes in the lot is one too. */
export const longestCoder = (lot: TextSet): number => 40 - (lot === "factorial" ? ending.length : 0);

/**
 * The name that a coder's file of a lot has. A file is written whole, so that each lot has one of its own. Throws
 * StudyError for a name that is none, or that another coder's file of the other lot could have.
 */
export function coderInTextSet(name: string, lot: TextSet): string {
  const checked = checkedCoder(name);
  if (checked.endsWith(ending)) {
    throw new StudyError(`coder ${name}: codes of the factorial's texts are kept under names that end so`, {
      hint: `try ${checked.slice(0, -ending.length) || "another name"}`,
    });
  }
  return checkedCoder(lot === "factorial" ? checked + ending : checked);
}

/** Who coded which lot, by the file's name: what `coderInLot` made of them. */
export const textSetOf = (file: string): { readonly name: string; readonly lot: TextSet } =>
  file.endsWith(ending)
    ? { name: file.slice(0, -ending.length), lot: "factorial" }
    : { name: file, lot: "study" };
