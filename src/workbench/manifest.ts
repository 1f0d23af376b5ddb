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
  /** SHA-256 of what went in and came out, by path. */
  reads: Hashes,
  writes: Hashes,
  versions: z.record(z.string(), z.string()),
});

/** `manifest.json`: for each stage what went in, what came out, under which settings, seed and versions. */
export const Manifest = z.strictObject({ stages: z.record(z.string(), StageRecord) });
export type Manifest = Readonly<z.infer<typeof Manifest>>;

/** What the manifest records of a stage, and so what says whether its artefacts are up to date. */
export type Recorded = Pick<AnyStage, "name" | "reads" | "writes" | "settings" | "inputs" | "applies">;

/** Why a stage has to run, or that it has not. */
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

/** Why a stage waits that does not say what for. */
export const nothingToDo = "nothing to do yet";

/** Compares what the manifest recorded of a stage with what is there now. */
export async function stateOf(stage: Recorded, study: Study, manifest: Manifest): Promise<State> {
  const applies = (await stage.applies?.(study)) ?? true;
  if (applies !== true) return { is: "waiting", because: applies || nothingToDo };
  const record = manifest.stages[stage.name];
  if (!record) return { is: "missing" };
  if (record.settings !== settingsHash(stage, study)) return { is: "stale", because: "its settings changed" };
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
      ? `${changedOutput} is not as it was written`
      : `${changedOutput} is missing`,
  };
}

/**
 * Runs a stage and records what it read and wrote. The manifest is written after the artefacts, so a kill between them
 * only runs the stage again. Throws StudyError where another process is at the same stage of the study: a site would
 * be read at twice the pace, and a server be paid twice.
 */
export async function runStage(
  stage: AnyStage,
  study: Study,
  options: unknown,
  effects: Effects,
): Promise<void> {
  const letGo = await fileLock(study.path(".tinylove", "held", stage.name.replaceAll(/\W+/g, "-")));
  if (!letGo) {
    throw new StudyError(`another process is running ${stage.name} on this study`, {
      hint: "wait until it has ended, or end it",
    });
  }
  try {
    await runAndRecord(stage, study, options, effects);
  } finally {
    letGo();
  }
}

async function runAndRecord(
  stage: AnyStage,
  study: Study,
  options: unknown,
  effects: Effects,
): Promise<void> {
  await stage.assertNotFrozen?.(study);
  const started = effects.now();
  const reads = await inputsOf(stage, study);
  if ((await stage.run(study, options, effects)) === unrecorded) return;
  const manifest = await readManifest(study);
  const record: z.infer<typeof StageRecord> = {
    at: timestamp(effects),
    ms: Math.round(effects.now() - started),
    seed: study.config.seed,
    settings: settingsHash(stage, study),
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

/** Records of earlier versions have absolute paths. */
const renamed = (hashes: Record<string, string>, study: Study): Record<string, string> =>
  Object.fromEntries(Object.entries(hashes).map(([path, hash]) => [stableName(path, study), hash]));

/** A file of the study by its path inside it, one of the package or the user's cache by its path there: all three may be moved. */
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

/** The first path whose hash differs, or that only one side has. */
function difference(recorded: Record<string, string>, found: Record<string, string>): string | undefined {
  return [...new Set([...Object.keys(recorded), ...Object.keys(found)])].find(
    (path) => recorded[path] !== found[path],
  );
}

const settingsHash = (stage: Recorded, study: Study): string =>
  sha256(JSON.stringify(stage.settings(study)) ?? "");
