import { isAbsolute, join, resolve } from "node:path";
import { isCollection, parseDocument } from "yaml";
import type { z } from "zod";
import { noPlugins, type Plugins } from "../plugins/plugin.ts";
import { withQuestions } from "../plugins/questions.ts";
import { type Random, randomFrom } from "../stats/random.ts";
import { StudyConfig } from "../study/config.ts";
import { formerAnalyse, withCurrentNames } from "../study/former-names.ts";
import { kindOf, schemeOf } from "../study/settings/models.ts";
import { OwnQuestion } from "../study/settings/questions.ts";
import { StudyError } from "./errors.ts";
import { exists, readText } from "./files.ts";
import { unknownAddress } from "./model-address.ts";
import { nearestName } from "./nearest.ts";
import { wrongValue } from "./wrong-value.ts";

/** A study: its folder and settings. Stages exchange data only through this folder. */
export interface Study {
  readonly folder: string;
  readonly config: StudyConfig;
  /** Everything that the files in `plugins:` define. */
  readonly plugins: Plugins;
  /** A path inside the study. */
  path(...parts: string[]): string;
  /** Random numbers from the study's seed; `labels` name the stream. */
  random(...labels: (string | number)[]): Random;
}

/** Opens the study in `folder`; throws StudyError if there is none or if `study.yaml` has an error. */
export async function openStudy(folder: string): Promise<Study> {
  const root = resolve(folder);
  const file = join(root, "study.yaml");
  if (!(await exists(file))) {
    throw new StudyError(`no study in ${folder}: it has no study.yaml`, {
      hint: "make one with `tinylove init DIR`, or give its folder with --study DIR",
    });
  }
  const text = await readText(file);
  // Load plugins first, because a plugin's model brings its own settings for study.yaml.
  const named = pluginsNamed(text);
  const plugins =
    named.length === 0 ? noPlugins : await (await import("../plugins/load.ts")).loadPlugins(root, named);
  return studyOf(root, parseConfig(text, "study.yaml"), plugins);
}

/** The files in `plugins:` of a study.yaml; empty if it is invalid, because `parseConfig` reports that. */
export function pluginsNamed(text: string): string[] {
  const named: unknown = parseDocument(text, { customTags: [], logLevel: "silent" }).get("plugins");
  const listed = StudyConfig.shape.plugins.safeParse(isCollection(named) ? named.toJSON() : named);
  return listed.success ? listed.data : [];
}

/** A study from settings that are already checked. */
export function studyOf(folder: string, config: StudyConfig, plugins: Plugins = noPlugins): Study {
  return {
    folder,
    config: withQuestions(folder, config),
    plugins,
    path: (...parts) => {
      const [first = ""] = parts;
      return isAbsolute(first) ? join(...parts) : join(folder, ...parts);
    },
    random: (...labels) => randomFrom(config.seed, ...labels),
  };
}

/**
 * Parses a `study.yaml`. Refuses aliases and custom tags, because a study may come from a stranger. Throws StudyError
 * that names the key, the problem and the valid keys.
 */
export function parseConfig(text: string, where: string): StudyConfig {
  const document = parseDocument(text, { customTags: [], uniqueKeys: true });
  const [broken] = [...document.errors, ...document.warnings];
  if (broken)
    throw new StudyError(`${where}: ${broken.message.split("\n")[0]!.replace(/:$/, "")}`, {
      hint: "fix the YAML",
    });
  // Without compiling the schema, which takes longer than to check one file.
  const how = { reportInput: true, jitless: true };
  const result = StudyConfig.safeParse(withCurrentSettings(plain(document, where)), how);
  if (result.success) return result.data;

  // A misspelt required key gives two issues, unknown and missing; the unknown one is more helpful.
  const { issues } = result.error;
  issues.forEach(refuseUnknownAddress);
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0]!;
  const at = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0]!;
    const own = modelKeys(plain(document, where), issue.path) ?? questionKeys(issue);
    throw new StudyError(`${where}: ${[...issue.path, key].join(".")}: no such setting`, {
      hint: similarSetting(key, issue.path, own),
    });
  }
  throw new StudyError(`${where}: ${[...(at ? [at] : []), wrongValue(issue)].join(": ")}`, {
    hint: "`tinylove init` makes a commented example",
  });
}

/** Throws StudyError for a model with an unknown kind of address; the error lists all kinds. */
function refuseUnknownAddress({ path, input }: z.core.$ZodIssue): void {
  const [group, list, at, key] = path;
  if (group !== "generate" || list !== "models" || key !== "address" || typeof input !== "string") return;
  if (!schemeOf(input)) throw unknownAddress(`generate.models.${String(at)}.address`, input);
}

/** Settings under former names get their current names. */
function withCurrentSettings(config: unknown): unknown {
  if (typeof config !== "object" || config === null || !("analyse" in config)) return config;
  return { ...config, analyse: withCurrentNames(config.analyse, formerAnalyse) };
}

function plain(document: ReturnType<typeof parseDocument>, where: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 }) ?? {};
  } catch {
    throw new StudyError(`${where}: aliases (*name) are not allowed`, { hint: "write the value out" });
  }
}

/** A hint for an unknown key: a similar key of the same group, or the same key in another group. */
function similarSetting(key: string, path: readonly PropertyKey[], own?: readonly string[]): string {
  const here = own ?? keysAt(path) ?? [];
  const near = nearestName(key, here);
  if (near !== undefined) return `did you mean ${near}?`;
  if (own) return `try one of ${own.join(", ")}`;
  const group = Object.keys(StudyConfig.shape).find((name) => keysAt([name])?.includes(key));
  if (group !== undefined) return `did you mean ${group}.${key}?`;
  return here.length > 0 ? `try one of ${here.join(", ")}` : "remove it";
}

/** The settings of the kind of model at a path; undefined for any other path. */
function modelKeys(config: unknown, [group, list, at]: readonly PropertyKey[]): string[] | undefined {
  if (group !== "generate" || list !== "models" || typeof at !== "number") return undefined;
  const { address } = (config as { generate: { models: { address: string }[] } }).generate.models[at]!;
  const kind = kindOf(address);
  return kind && Object.keys(kind.settings.shape);
}

/** The settings of a question's kind; undefined for anything else. */
function questionKeys({ path: [group, list, at, further], input }: z.core.$ZodIssue): string[] | undefined {
  if (group !== "survey" || list !== "questions" || typeof at !== "number" || further !== undefined)
    return undefined;
  const { kind } = input as { readonly kind?: unknown };
  const schema = OwnQuestion.options.find(({ shape }) => shape.kind.value === kind);
  return schema && Object.keys(schema.shape);
}

/** The keys of the schema at a path, through objects and lists. */
function keysAt(path: readonly PropertyKey[]): string[] | undefined {
  let schema: unknown = StudyConfig;
  for (const key of path)
    schema = typeof key === "number" ? elementOf(schema) : shapeOf(schema)?.[String(key)];
  const shape = shapeOf(schema);
  return shape && Object.keys(shape);
}

function shapeOf(schema: unknown): Record<string, unknown> | undefined {
  const inner = unwrapped(schema);
  return inner && typeof inner === "object" && "shape" in inner
    ? (inner.shape as Record<string, unknown>)
    : undefined;
}

function elementOf(schema: unknown): unknown {
  const inner = unwrapped(schema);
  return inner && typeof inner === "object" && "element" in inner ? inner.element : undefined;
}

/** Unwraps defaults, prefaults and optionals. */
function unwrapped(schema: unknown): unknown {
  let inner = schema as { def?: { innerType?: unknown } } | undefined;
  while (inner?.def?.innerType) inner = inner.def.innerType as typeof inner;
  return inner;
}
