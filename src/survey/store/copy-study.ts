import { copyFile, link, mkdir, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, relative } from "node:path";
import { pluginFilesOf } from "../../plugins/load.ts";
import { trust } from "../../plugins/trust.ts";
import { storeFile } from "../../registration/assert-not-frozen.ts";
import {
  factorialFile,
  findingsFolder,
  formsFolder,
  generationsFolder,
  judgmentsFile,
  registrationFile,
  stimuliFile,
  storiesFile,
  tunedFolder,
} from "../../workbench/artefacts.ts";
import { StudyError } from "../../workbench/errors.ts";
import { exists, filesUnder, readText, writeWhole } from "../../workbench/files.ts";
import { readManifest } from "../../workbench/manifest.ts";
import type { Study } from "../../workbench/study.ts";

/**
 * Copies a study without responses: the files that its stages wrote or read. Other files in the folder are not copied;
 * they may be backups of answers, keys or caches. `study.yaml` is copied last, so that an interrupted copy does not look
 * like a study. Throws StudyError if `target` is not empty.
 */
export async function copyStudy(study: Study, target: string): Promise<void> {
  if ((await filesUnder(target)).length > 0) {
    throw new StudyError(`${target} is not empty`, { hint: "remove it, or name another folder with --to" });
  }
  if (`${target}/`.startsWith(`${study.folder}/`)) {
    throw new StudyError(`${target} is inside the study`, { hint: "name another folder with --to" });
  }
  await mkdir(target, { recursive: true });
  for (const path of await filesToCopy(study)) {
    const from = study.path(path);
    if (!(await exists(from))) continue;
    const files = (await stat(from)).isDirectory() ? await filesUnder(from) : [from];
    for (const file of files) await copyFileTo(file, join(target, relative(study.folder, file)));
  }
  // The agreement to run the study's plugins extends to the copy.
  for (const files of await pluginFilesOf(target, study.config.plugins)) await trust(files);
  await writeWhole(join(target, "study.yaml"), await readText(study.path("study.yaml")));
}

const pluginsInside = ({ folder, plugins }: Study): string[] =>
  plugins
    .filesOf("task", "model", "measure", "analysis", "source")
    .map((path) => relative(folder, path))
    .filter(isInside);

/** Links large files, such as models, instead of copying them if the system allows it: nothing writes to a model. */
async function copyFileTo(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  const copy = () => copyFile(from, to);
  await ((await stat(from)).size > large ? link(from, to).catch(copy) : copy());
}

const large = 64 * 2 ** 20;

async function filesToCopy(study: Study): Promise<Set<string>> {
  const { stages } = await readManifest(study);
  const recorded = Object.values(stages).flatMap(({ reads, writes }) => Object.keys({ ...reads, ...writes }));
  const tuning = (await filesUnder(study.path(tunedFolder))).filter((file) => file.endsWith("findings.json"));
  return new Set([
    "study.schema.json",
    ".gitignore",
    "manifest.json",
    registrationFile,
    ...[storiesFile, factorialFile, stimuliFile].map(dirname),
    generationsFolder,
    formsFolder,
    ...recorded.filter((path) => isInside(path) && !isAnswers(path)),
    ...tuning.map((file) => relative(study.folder, file)),
    ...pluginsInside(study),
  ]);
}

/** Paths outside the study, `package:...` and `cache:...`, are not copied. */
const isInside = (path: string): boolean => !isAbsolute(path) && !/^(\.\.|package:|cache:)/.test(path);

/** Responses, and what was computed from them. */
const isAnswers = (path: string): boolean =>
  [storeFile, dirname(judgmentsFile), findingsFolder, "report"].includes(path.split("/")[0]!);
