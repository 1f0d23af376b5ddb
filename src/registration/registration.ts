import { relative } from "node:path";
import { z } from "zod";
import { plannedEnd } from "../study/planned-end.ts";
import { defaultMethod, methodOf, methodOf01, RecordedAnalyseSettings } from "../study/settings/analyse.ts";
import { sha256 } from "../text/hash.ts";
import { formsFolder, registrationFile, stimuliFile } from "../workbench/artefacts.ts";
import { exists, hashOf, readJson } from "../workbench/files.ts";
import { readManifest } from "../workbench/manifest.ts";
import type { Study } from "../workbench/study.ts";

/** What a registration freezes: the settings of the analysis, the planned end, and the stimuli and forms by hash. */
export const Frozen = z.strictObject({
  /** A registration without a method was made by version 0.1, which had only one. */
  analyse: RecordedAnalyseSettings.transform((settings) => ({
    ...settings,
    weighting: settings.weighting ?? methodOf01.weighting,
    clusters: settings.clusters ?? [...methodOf01.clusters],
  })),
  /** The number of readers at which the study ends; null if none was planned. */
  readers: z.int().positive().nullable(),
  seed: z.union([z.string(), z.number()]),
  /** SHA-256 of the stimuli, the forms, the study's own questions, and plugins that ask, measure or analyse. */
  hashes: z.record(z.string(), z.string()),
});
export type Frozen = Readonly<z.infer<typeof Frozen>>;

/** `preregistration.json`: what was frozen, when, and after how many judgments. */
export const Registration = z.strictObject({
  at: z.string(),
  /** The number of judgments at that time; 0 in a proper preregistration. */
  judgments: z.int().nonnegative(),
  versions: z.record(z.string(), z.string()),
  frozen: Frozen,
});
export type Registration = Readonly<z.infer<typeof Registration>>;

/** The registration of a study; undefined if there is none. */
export async function readRegistration(study: Study): Promise<Registration | undefined> {
  const path = study.path(registrationFile);
  if (!(await exists(path))) return undefined;
  return readJson(path, Registration, "restore the registration as it was made");
}

/** How a study now differs from its registration, in words; empty if there is none. */
export async function deviationsOf(study: Study): Promise<string[]> {
  const registration = await readRegistration(study);
  return registration ? deviationsFrom(registration.frozen, await frozenOf(study)) : [];
}

/** What a registration made now would freeze. */
export async function frozenOf(study: Study): Promise<Frozen> {
  const { seed } = study.config;
  const analyse = await declaredAnalysis(study);
  const hashes: Record<string, string> = {};
  const programs = study.plugins
    .filesOf("task", "measure", "analysis")
    .map((path) => relative(study.folder, path).replaceAll("\\", "/"));
  for (const path of [stimuliFile, formsFolder, ...programs]) {
    const hash = await hashOf(study.path(path));
    if (hash) hashes[path] = hash;
  }
  const { questions } = study.config.survey;
  if (questions.length > 0) hashes["survey.questions"] = sha256(JSON.stringify(questions));
  return { analyse, readers: plannedEnd(study.config) ?? null, seed, hashes };
}

/**
 * The settings of the analysis with the method written out. If study.yaml does not name a method, it is the registered one,
 * otherwise that of version 0.1 if that version made the forms, otherwise the default.
 */
export async function declaredAnalysis(study: Study): Promise<Frozen["analyse"]> {
  const { analyse } = study.config;
  const before = (await readRegistration(study))?.frozen.analyse;
  const { clusters, weighting } = before ?? (await methodOfForms(study));
  const method = methodOf({
    weighting: analyse.weighting ?? weighting,
    clusters: analyse.clusters ?? [...clusters],
  });
  return { ...analyse, weighting: method.weighting, clusters: [...method.clusters] };
}

async function methodOfForms(study: Study) {
  const { stages } = await readManifest(study);
  return /^0\.1\./.test(stages["compose"]?.versions["tinylove"] ?? "") ? methodOf01 : defaultMethod;
}

/** The differences between a registration and the present, in words; settings by their path in study.yaml. */
export function deviationsFrom(frozen: Frozen, now: Frozen): string[] {
  return [
    ...differences("analyse", frozen.analyse, now.analyse),
    ...differences("seed", frozen.seed, now.seed),
    ...differences("the planned readers", frozen.readers, now.readers),
    ...[...new Set([...Object.keys(frozen.hashes), ...Object.keys(now.hashes)])]
      .filter((path) => frozen.hashes[path] !== now.hashes[path])
      .map((path) => `${path} has changed since the registration`),
  ];
}

function differences(path: string, frozen: unknown, now: unknown): string[] {
  if (isRecord(frozen) && isRecord(now)) {
    const keys = new Set([...Object.keys(frozen), ...Object.keys(now)]);
    return [...keys].flatMap((key) => differences(`${path}.${key}`, frozen[key], now[key]));
  }
  const [before, after] = [frozen, now].map((value) => JSON.stringify(value) ?? "nothing");
  return before === after ? [] : [`${path} was registered as ${before}, now it is ${after}`];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
