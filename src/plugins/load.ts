import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { defineTask, type TaskDefinition } from "../tasks/task.ts";
import { addTask } from "../tasks/tasks.ts";
import { messageOf, StudyError } from "../workbench/errors.ts";
import { exists } from "../workbench/files.ts";
import { fileWithImports, type PluginFiles } from "./files.ts";
import { addModel, type ModelKindDefinition } from "./model.ts";
import { kindOfExport, noPlugins, type PluginMember, type Plugins } from "./plugin.ts";
import { resolveTinylove } from "./resolve-tinylove.ts";
import { shapeError } from "./shapes.ts";
import { isTrusted } from "./trust.ts";

/**
 * Loads the plugins that a study lists in `plugins:`, relative to its folder. Tasks and kinds of models are registered
 * for the whole process; measures, analyses and sources belong to this study. Throws StudyError for an invalid plugin,
 * naming file, export and member, and for a file that the user has not agreed to run.
 */
export async function loadPlugins(folder: string, named: readonly string[]): Promise<Plugins> {
  if (named.length === 0) return noPlugins;
  resolveTinylove();
  const loaded: { readonly files: PluginFiles; readonly members: readonly PluginMember[] }[] = [];
  for (const name of named) {
    const file = await pluginFile(folder, name);
    const files = await fileWithImports(file);
    if (!(await isTrusted(files))) throw notTrusted(name);
    const members = await membersOf(name, file, files.hash);
    for (const member of members) register(member, file);
    loaded.push({ files, members });
  }
  return {
    members: loaded.flatMap(({ members }) => members),
    filesOf: (...kinds) => [
      ...new Set(
        loaded
          .filter(({ members }) => members.some(({ kind }) => kinds.includes(kind)))
          .flatMap(({ files }) => files.paths),
      ),
    ],
  };
}

/** The files of a study's plugins with their relative imports, without loading them. */
export async function pluginFilesOf(folder: string, named: readonly string[]): Promise<PluginFiles[]> {
  const files = [];
  for (const name of named) files.push(await fileWithImports(await pluginFile(folder, name)));
  return files;
}

async function pluginFile(folder: string, name: string): Promise<string> {
  const refuse = (what: string, hint: string) => new StudyError(`plugins: ${name}${what}`, { hint });
  const kind = extname(name);
  if (kind === ".ts" || kind === ".mts") {
    if (!stripsTypes())
      throw refuse(
        `: Node ${process.versions.node} cannot run TypeScript`,
        "write it as .mjs, or use Node 22.18 or newer",
      );
  } else if (kind !== ".mjs") {
    throw refuse(" is not an .mjs or .ts file", "name a JavaScript module such as ./my-task.mjs");
  }
  const file = resolve(folder, name);
  if (!(await exists(file))) throw refuse(": there is no such file", "give its path relative to study.yaml");
  return file;
}

/** Whether types are stripped: by Node 22.18 and newer, and by the bundler that runs the tests. */
const stripsTypes = (): boolean =>
  Boolean((process.features as { typescript?: unknown }).typescript) || import.meta.url.endsWith(".ts");

const notTrusted = (name: string): StudyError =>
  new StudyError(`plugins: ${name} is a program that you have not agreed to run as it is now`, {
    hint: "read it, then run `tinylove trust`; TINYLOVE_TRUST=1 agrees to every plugin",
  });

async function membersOf(name: string, file: string, hash: string): Promise<PluginMember[]> {
  const exported = await imported(name, file, hash);
  const members: PluginMember[] = [];
  for (const [key, value] of Object.entries(exported)) {
    const kind = kindOfExport(value);
    if (!kind) continue;
    const where = `${name}, export ${key}`;
    const [wrong, hint] = shapeError(kind, value as object) ?? [];
    if (wrong !== undefined) throw new StudyError(`plugins: ${where}: ${wrong}`, { hint: hint! });
    members.push({ kind, where, definition: value, hash });
  }
  if (members.length > 0) return members;
  throw new StudyError(`plugins: ${name} exports nothing that Tiny Love can use`, {
    hint: "export what defineTask, defineModel, defineMeasure, defineAnalysis or defineSource returns",
  });
}

/** The exports of a file. A file that has changed since it was loaded is loaded again. */
async function imported(name: string, file: string, hash: string): Promise<Record<string, unknown>> {
  try {
    return (await import(`${pathToFileURL(file).href}?${hash.slice(0, 16)}`)) as Record<string, unknown>;
  } catch (cause) {
    const [line] = messageOf(cause).split("\n");
    throw new StudyError(`plugins: ${name} cannot be loaded: ${line}`, { hint: "fix the file", cause });
  }
}

interface Registered {
  readonly file: string;
  readonly hash: string;
  unregister(): void;
}

/** The tasks and kinds of models that plugins have registered in this process, by kind and name. */
const registered = new Map<string, Registered>();

/**
 * Registers a task or a kind of model. The same content is registered only once, also from a copy of a study; a changed
 * file replaces its earlier version. Throws StudyError if another file has registered this name.
 */
function register(member: PluginMember, file: string): void {
  const { kind, where, definition, hash } = member;
  if (kind !== "task" && kind !== "model") return;
  const name =
    kind === "task" ? (definition as TaskDefinition).name : (definition as ModelKindDefinition).scheme;
  const earlier = registered.get(`${kind} ${name}`);
  if (earlier?.hash === hash) return;
  if (earlier && earlier.file !== file)
    throw new StudyError(`plugins: ${where}: ${earlier.file} also defines a ${kind} called ${name}`, {
      hint: "give one of them another name, or work on one of the studies at a time",
    });
  earlier?.unregister();
  try {
    const unregister =
      kind === "task"
        ? addTask(defineTask(definition as TaskDefinition))
        : addModel(definition as ModelKindDefinition, hash);
    registered.set(`${kind} ${name}`, { file, hash, unregister });
  } catch (cause) {
    registered.delete(`${kind} ${name}`);
    if (!(cause instanceof StudyError)) throw cause;
    throw new StudyError(`plugins: ${where}: ${cause.message}`, {
      ...(cause.hint && { hint: cause.hint }),
      cause,
    });
  }
}
