import { StudyError } from "../workbench/errors.ts";

/** What a plugin can bring. */
export type PluginKind = "task" | "model" | "measure" | "analysis" | "source";

/** The mark that `defineTask` and its like leave, the same in every copy of Tiny Love that a process loads. */
const mark = Symbol.for("tinylove.plugin");

/** Marks a definition, so that `plugins:` of study.yaml finds it among the exports of its file. */
export const definition = <Definition extends object>(kind: PluginKind, of: Definition): Definition =>
  Object.assign(Object.create(Object.getPrototypeOf(of) as object), of, { [mark]: kind });

/** What an export defines; undefined for one that is no definition. */
export const kindOfExport = (value: unknown): PluginKind | undefined =>
  typeof value === "object" && value !== null ? (value as { readonly [mark]?: PluginKind })[mark] : undefined;

/** One export of a plugin's file, of a shape that was checked. */
export interface PluginMember {
  readonly kind: PluginKind;
  /** Its file as study.yaml names it, and its export: `./my-task.mjs, export default`. */
  readonly where: string;
  /** What was given to `defineTask` and its like. */
  readonly definition: unknown;
  /** SHA-256 of the file and of what it imports from beside it. */
  readonly hash: string;
}

/** What the plugins of a study brought. */
export interface Plugins {
  readonly members: readonly PluginMember[];
  /** Absolute paths of the files behind members of these kinds, what they import from beside them included. */
  filesOf(...kinds: readonly PluginKind[]): readonly string[];
}

export const noPlugins: Plugins = { members: [], filesOf: () => [] };

/**
 * What comes with Tiny Love, and what the plugins of a study add to it. Throws StudyError for a plugin's member whose
 * name is taken.
 */
export function withPlugins<Member extends { readonly name: string }>(
  builtIn: readonly Member[],
  kind: PluginKind,
  { members }: Plugins,
  made: (member: PluginMember) => Member,
): readonly Member[] {
  const all = [...builtIn];
  for (const member of members.filter((each) => each.kind === kind)) {
    const own = made(member);
    if (all.some(({ name }) => name === own.name))
      throw new StudyError(`plugins: ${member.where}: there is a ${kind} called ${own.name} already`, {
        hint: "give it another name",
      });
    all.push(own);
  }
  return all;
}
