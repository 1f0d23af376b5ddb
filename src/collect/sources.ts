import { withPlugins } from "../plugins/plugin.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";
import { type Source, type SourceDefinition, sourceOf } from "./source.ts";

interface Listed {
  readonly name: string;
  load(): Promise<Source>;
}

/** All sources of a corpus, by name. Each is loaded only if it is used. */
const sources: readonly Listed[] = [
  { name: "table", load: async () => (await import("./sources/table.ts")).table },
  { name: "saved-pages", load: async () => (await import("./sources/saved-pages.ts")).savedPages },
  { name: "nyt", load: async () => (await import("./sources/nyt.ts")).nyt },
];

/** The built-in sources and those of the study's plugins. */
const sourcesOf = ({ plugins }: Study): readonly Listed[] =>
  withPlugins(sources, "source", plugins, ({ definition }) => {
    const source = sourceOf(definition as SourceDefinition);
    return { name: source.name, load: async () => source };
  });

/** The source of that name. Throws StudyError that names `setting` (the setting or flag) if there is none. */
export async function sourceNamed(name: string, study: Study, setting = "corpus.source"): Promise<Source> {
  const known = sourcesOf(study);
  const found = known.find((source) => source.name === name);
  if (found) return found.load();
  throw new StudyError(`${setting}: unknown source ${name}`, {
    hint: `try ${known.map((source) => source.name).join(", ")}`,
  });
}
