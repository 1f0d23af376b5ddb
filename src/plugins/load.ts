import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { defineTask, type TaskDefinition } from "../tasks/task.ts";
import { addTask } from "../tasks/tasks.ts";
import { messageOf, StudyError } from "../workbench/errors.ts";
import { exists } from "../workbench/files.ts";
import { filesBehind, type PluginFiles } from "./files.ts";
import { addModel, type ModelKindDefinition } from "./model.ts";
import { kindOfExport, noPlugins, type PluginMember, type Plugins } from "./plugin.ts";
import { resolveTinylove } from "./resolve-tinylove.ts";
import { wrongShape } from "./shapes.ts";
import { isTrusted } from "./trust.ts";

/**
 * Loads the files that `plugins:` of a study names, relative to its folder. Tasks and kinds of models are known from
 * then on to all that this process does; measures, analyses and sources to this study alone. Throws StudyError that
 * names the file, its export and the member for what is no plugin, and for a file that the user has not agreed to run.
 */
export async function loadPlugins(folder: string, named: readonly string[]): Promise<Plugins> {
  if (named.length === 0) return noPlugins;
  resolveTinylove();
  const loaded: { readonly files: PluginFiles; readonly members: readonly PluginMember[] }[] = [];
  for (const name of named) {
    const file = await pluginFile(folder, name);
    const files = await filesBehind(file);
    if (!(await isTrusted(files))) throw notTrusted(name);
    const members = await membersOf(name, file, files.hash);
    for (const member of members) makeKnown(member, file);
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

/** The plugins of a study with all that they import from beside them, not loaded yet. */
export async function pluginFilesOf(folder: string, named: readonly string[]): Promise<PluginFiles[]> {
  const files = [];
  for (const name of named) files.push(await filesBehind(await pluginFile(folder, name)));
  return files;
}

async function pluginFile(folder: string, name: string): Promise<string> {
  const refuse = (what: string, hint: string) => new StudyError(`plugins: ${name}${what}`, { hint });
  const kind = extname(name);
  if (kind === ".ts" || kind === ".mts") {
    if (!stripsTypes())
      throw refuse(
        `: Node ${process.versions.node} runs no TypeScript`,
        "write it as .mjs, or use Node 22.18 or newer",
      );
  } else if (kind !== ".mjs") {
    throw refuse(" is no .mjs or .ts file", "name a JavaScript module, ./my-task.mjs");
  }
  const file = resolve(folder, name);
  if (!(await exists(file))) throw refuse(": there is no such file", "give its path from study.yaml");
  return file;
}

/** Node 22.18 and newer run TypeScript whose types can be left out; a bundler that runs tests does so as well. */
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
    const [wrong, hint] = wrongShape(kind, value as object) ?? [];
    if (wrong !== undefined) throw new StudyError(`plugins: ${where}: ${wrong}`, { hint: hint! });
    members.push({ kind, where, definition: value, hash });
  }
  if (members.length > 0) return members;
  throw new StudyError(`plugins: ${name} exports nothing that Tiny Love can use`, {
    hint: "export what defineTask, defineModel, defineMeasure, defineAnalysis or defineSource returns",
  });
}

/** A file that has changed since it was loaded is loaded anew. */
async function imported(name: string, file: string, hash: string): Promise<Record<string, unknown>> {
  try {
    return (await import(`${pathToFileURL(file).href}?${hash.slice(0, 16)}`)) as Record<string, unknown>;
  } catch (cause) {
    const [line] = messageOf(cause).split("\n");
    throw new StudyError(`plugins: ${name} cannot be loaded: ${line}`, { hint: "correct the file", cause });
  }
}

interface Known {
  readonly file: string;
  readonly hash: string;
  forget(): void;
}

/** Tasks and kinds of models that this process knows from plugins, by kind and name. */
const known = new Map<string, Known>();

/**
 * The same content is known once, also from a copy of a study; a file that was changed takes the place of what it was.
 * Throws StudyError where another file has defined something of this name.
 */
function makeKnown(member: PluginMember, file: string): void {
  const { kind, where, definition, hash } = member;
  if (kind !== "task" && kind !== "model") return;
  const name =
    kind === "task" ? (definition as TaskDefinition).name : (definition as ModelKindDefinition).scheme;
  const there = known.get(`${kind} ${name}`);
  if (there?.hash === hash) return;
  if (there && there.file !== file)
    throw new StudyError(`plugins: ${where}: ${there.file} defines a ${kind} called ${name} as well`, {
      hint: "give one of them another name, or work on one of the studies at a time",
    });
  there?.forget();
  try {
    const forget =
      kind === "task"
        ? addTask(defineTask(definition as TaskDefinition))
        : addModel(definition as ModelKindDefinition, hash);
    known.set(`${kind} ${name}`, { file, hash, forget });
  } catch (cause) {
    known.delete(`${kind} ${name}`);
    if (!(cause instanceof StudyError)) throw cause;
    throw new StudyError(`plugins: ${where}: ${cause.message}`, {
      ...(cause.hint && { hint: cause.hint }),
      cause,
    });
  }
}
