import { isAbsolute, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { sha256 } from "../text/hash.ts";
import { cacheFolder } from "./cache-folder.ts";
import { type Effects, timestamp } from "./effects.ts";
import { StudyError } from "./errors.ts";
import { fileLock } from "./file-lock.ts";
import { exists, hashOf, readJson, writeWhole } from "./files.ts";
import { type AnyStage, unrecorded } from "./stage.ts";
import type { Study } from "./study.ts";
import { packageFolder, versions } from "./version.ts";

const Hashes = z.record(z.string(), z.string());

const StageRecord = z.strictObject({
  at: z.string(),
  ms: z.number(),
  seed: z.union([z.string(), z.number()]),
  /** SHA-256 of the settings that the stage depends on. */
  settings: z.string(),
  /** The same for each setting, by its path: `analyse.margin`. Records of earlier versions have none. */
  eachSetting: Hashes.optional(),
  /** SHA-256 of inputs and outputs, by path. */
  reads: Hashes,
  writes: Hashes,
  versions: z.record(z.string(), z.string()),
});

/** `manifest.json`: for each stage its inputs, outputs, settings, seed and versions. */
export const Manifest = z.strictObject({ stages: z.record(z.string(), StageRecord) });
export type Manifest = Readonly<z.infer<typeof Manifest>>;

/** The parts of a stage that decide whether its artefacts are up to date. */
export type Recorded = Pick<AnyStage, "name" | "reads" | "writes" | "settings" | "inputs" | "applies">;

/** Whether a stage has to run, and why. */
export type State =
  | { readonly is: "fresh" }
  | { readonly is: "missing" }
  | { readonly is: "stale"; readonly because: string }
  | { readonly is: "waiting"; readonly because: string };

export async function readManifest(study: Study): Promise<Manifest> {
  const path = study.path("manifest.json");
  return (await exists(path))
    ? readJson(path, Manifest, "remove manifest.json: every stage will run again")
    : { stages: {} };
}

/** The default reason of a stage that waits. */
export const nothingToDo = "nothing to do yet";

/** Compares the manifest's record of a stage with the files and settings now. */
export async function stateOf(stage: Recorded, study: Study, manifest: Manifest): Promise<State> {
  const applies = (await stage.applies?.(study)) ?? true;
  if (applies !== true) return { is: "waiting", because: applies || nothingToDo };
  const record = manifest.stages[stage.name];
  if (!record) return { is: "missing" };
  if (record.settings !== settingsHash(stage, study))
    return { is: "stale", because: changedSetting(record.eachSetting, eachSetting(stage, study)) };
  if (String(record.seed) !== String(study.config.seed)) return { is: "stale", because: "the seed changed" };

  const reads = await inputsOf(stage, study);
  const changedInput = difference(renamed(record.reads, study), reads);
  if (changedInput) return { is: "stale", because: `${changedInput} changed` };
  const writes = await outputsOf(stage, study);
  const changedOutput = difference(record.writes, writes);
  if (!changedOutput) return { is: "fresh" };
  return {
    is: "stale",
    because: writes[changedOutput]
      ? `${changedOutput} was changed afterwards`
      : `${changedOutput} is missing`,
  };
}

/**
 * Runs a stage and records what it read and wrote. Writes the manifest after the artefacts, so that a kill between
 * them only runs the stage again. Throws StudyError if another process runs the same stage of the study: it would
 * read a site at twice the pace, or pay a server twice.
 */
export async function runStage(
  stage: AnyStage,
  study: Study,
  options: unknown,
  effects: Effects,
): Promise<void> {
  const unlock = await fileLock(study.path(".tinylove", "locks", stage.name.replaceAll(/\W+/g, "-")));
  if (!unlock) {
    throw new StudyError(`another process is running ${stage.name} on this study`, {
      hint: "wait until it ends, or stop it",
    });
  }
  try {
    await runAndRecord(stage, study, options, effects);
  } finally {
    unlock();
  }
}

async function runAndRecord(
  stage: AnyStage,
  study: Study,
  options: unknown,
  effects: Effects,
): Promise<void> {
  await stage.assertNotFrozen?.(study);
  effects.stage?.(stage.name);
  const started = effects.now();
  const reads = await inputsOf(stage, study);
  if ((await stage.run(study, options, effects)) === unrecorded) return;
  const manifest = await readManifest(study);
  const record: z.infer<typeof StageRecord> = {
    at: timestamp(effects),
    ms: Math.round(effects.now() - started),
    seed: study.config.seed,
    settings: settingsHash(stage, study),
    eachSetting: eachSetting(stage, study),
    reads,
    writes: await outputsOf(stage, study),
    versions: versions(),
  };
  const stages = { ...manifest.stages, [stage.name]: record };
  await writeWhole(study.path("manifest.json"), `${JSON.stringify({ stages }, null, 2)}\n`);
}

async function inputsOf(stage: Recorded, study: Study): Promise<Record<string, string>> {
  const outside = (await stage.inputs?.(study)) ?? [];
  return hashesOf([...stage.reads, ...outside], study);
}

const outputsOf = (stage: Recorded, study: Study) => hashesOf(stage.writes, study);

async function hashesOf(paths: readonly string[], study: Study): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const path of paths) {
    const hash = await hashOf(study.path(path));
    if (hash) hashes[stableName(path, study)] = hash;
  }
  return hashes;
}

/** Manifests of earlier versions have absolute paths. */
const renamed = (hashes: Record<string, string>, study: Study): Record<string, string> =>
  Object.fromEntries(Object.entries(hashes).map(([path, hash]) => [stableName(path, study), hash]));

/**
 * A path that stays valid when the study, the package or the cache is moved: relative to whichever of them has the
 * file.
 */
function stableName(path: string, study: Study): string {
  if (!isAbsolute(path)) return path;
  const inside = (folder: string): string | undefined => {
    const found = relative(folder, path).split(sep).join("/");
    return found === "" || found.startsWith("..") || isAbsolute(found) ? undefined : found;
  };
  const named = (name: string, folder: string): string | undefined => {
    const found = inside(folder);
    return found === undefined ? undefined : `${name}:${found}`;
  };
  return (
    inside(study.folder) ??
    named("package", fileURLToPath(packageFolder)) ??
    named("cache", cacheFolder()) ??
    path
  );
}

/** The first path whose hash differs, or that is on one side only. */
function difference(recorded: Record<string, string>, found: Record<string, string>): string | undefined {
  return [...new Set([...Object.keys(recorded), ...Object.keys(found)])].find(
    (path) => recorded[path] !== found[path],
  );
}

/** `its settings changed (margin)`; without a record of each setting, that some of them did. */
function changedSetting(recorded: Record<string, string> | undefined, now: Record<string, string>): string {
  const changed = recorded && difference(recorded, now);
  return `its settings changed${changed ? ` (${changed})` : ""}`;
}

/** The start of a SHA-256 of each setting, by its path; a list counts as one setting. */
function eachSetting(stage: Recorded, study: Study): Record<string, string> {
  const hashes: Record<string, string> = {};
  const add = (path: string, value: unknown): void => {
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      for (const [key, part] of Object.entries(value)) add(path === "" ? key : `${path}.${key}`, part);
    else if (value !== undefined) hashes[path] = sha256(JSON.stringify(value)).slice(0, 12);
  };
  add("", stage.settings(study));
  return hashes;
}

const settingsHash = (stage: Recorded, study: Study): string =>
  sha256(JSON.stringify(stage.settings(study)) ?? "");
