import { StudyError } from "../workbench/errors.ts";

/** What a plugin can define. */
export type PluginKind = "task" | "model" | "measure" | "analysis" | "source";

/** Marks what `defineTask` and the other `define` functions return; the same symbol in every copy of Tiny Love that a process loads. */
const mark = Symbol.for("tinylove.plugin");

/** Marks a definition, so that `plugins:` of study.yaml finds it among the exports of its file. */
export const markDefinition = <Definition extends object>(
  kind: PluginKind,
  definition: Definition,
): Definition =>
  Object.assign(Object.create(Object.getPrototypeOf(definition) as object), definition, { [mark]: kind });

/** The kind of definition of an export; undefined if it is not a definition. */
export const kindOfExport = (value: unknown): PluginKind | undefined =>
  typeof value === "object" && value !== null ? (value as { readonly [mark]?: PluginKind })[mark] : undefined;

/** One definition that a plugin exports; its shape has been checked. */
export interface PluginMember {
  readonly kind: PluginKind;
  /** Its file as in study.yaml, and its export: `./my-task.mjs, export default`. */
  readonly where: string;
  /** The argument of `defineTask` or another `define` function. */
  readonly definition: unknown;
  /** SHA-256 of the file and its relative imports. */
  readonly hash: string;
}

/** What the plugins of a study define. */
export interface Plugins {
  readonly members: readonly PluginMember[];
  /** Absolute paths of the files that define members of these kinds, and of their relative imports. */
  filesOf(...kinds: readonly PluginKind[]): readonly string[];
}

export const noPlugins: Plugins = { members: [], filesOf: () => [] };

/** The built-in members of a kind and those of a study's plugins. Throws StudyError if a name is already taken. */
export function withPlugins<Member extends { readonly name: string }>(
  builtIn: readonly Member[],
  kind: PluginKind,
  { members }: Plugins,
  make: (member: PluginMember) => Member,
): readonly Member[] {
  const all = [...builtIn];
  for (const member of members.filter((each) => each.kind === kind)) {
    const added = make(member);
    if (all.some(({ name }) => name === added.name))
      throw new StudyError(`plugins: ${member.where}: the ${kind} ${added.name} exists already`, {
        hint: "give it another name",
      });
    all.push(added);
  }
  return all;
}
