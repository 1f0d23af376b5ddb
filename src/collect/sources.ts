import { StudyError } from "../workbench/errors.ts";
import type { Source } from "./source.ts";
import { nyt } from "./sources/nyt.ts";
import { savedPages } from "./sources/saved-pages.ts";
import { table } from "./sources/table.ts";

/** All sources of a corpus. */
export const sources: readonly Source[] = [table, savedPages, nyt];

/** The source of that name; throws StudyError if there is none, with the setting or flag in `place`. */
export function sourceNamed(name: string, place = "corpus.source"): Source {
  const found = sources.find((source) => source.name === name);
  if (found) return found;
  throw new StudyError(`${place}: unknown source ${name}`, {
    hint: `try ${sources.map((source) => source.name).join(", ")}`,
  });
}
