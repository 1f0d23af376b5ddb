import { withPlugins } from "../plugins/plugin.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";
import { type Source, type SourceDefinition, sourceOf } from "./source.ts";
import { nyt } from "./sources/nyt.ts";
import { savedPages } from "./sources/saved-pages.ts";
import { table } from "./sources/table.ts";

/** Every source that a corpus can come from. */
export const sources: readonly Source[] = [table, savedPages, nyt];

/** These, and those of the study's plugins. */
const sourcesOf = ({ plugins }: Study): readonly Source[] =>
  withPlugins(sources, "source", plugins, ({ definition }) => sourceOf(definition as SourceDefinition));

/** The source of that name; throws StudyError that names the `place` where it was asked for when there is none. */
export function sourceNamed(name: string, study: Study, place = "corpus.source"): Source {
  const known = sourcesOf(study);
  const found = known.find((source) => source.name === name);
  if (found) return found;
  throw new StudyError(`${place}: unknown source ${name}`, {
    hint: `try ${known.map((source) => source.name).join(", ")}`,
  });
}
