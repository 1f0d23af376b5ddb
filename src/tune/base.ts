import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { llamaFileNamed } from "../llm/llama.ts";
import { runTrainer } from "../llm/trainer.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, hashOf, writeWhole } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import type { TuningRequest } from "./tuning-request.ts";

/**
 * Makes a GGUF file of a GPT-NeoX, named as `generate.models` names one (`llama:embedded`, `llama:FILE`) or by its
 * path, into a folder that can be tuned: `bases/<name>/` of the study, once for each file. Every other base is left as
 * it is. Throws StudyError for a file that is not there or holds another architecture.
 */
export async function withFolder(
  study: Study,
  wanted: TuningRequest,
  effects: Effects,
): Promise<TuningRequest> {
  const named = wanted.model ?? study.config.tune.model;
  if (named === undefined || !isGguf(named)) return wanted;
  const file = await fileOf(named, study);
  const name = basename(file).replace(/\.gguf$/i, "");
  const folder = study.path("bases", name);
  const hash = (await hashOf(file))!;
  const mark = join(folder, "made-from");
  const output = wanted.output ?? `${name}-${wanted.method ?? study.config.tune.method}`;
  if ((await readFile(mark, "utf8").catch(() => "")) !== hash) {
    effects.log(`  making ${basename(file)} into a folder that can be tuned: bases/${name}`);
    await unpack(file, folder, study, effects);
    await writeWhole(mark, hash);
  }
  return { ...wanted, model: folder, output };
}

/** Whether a base is named by its GGUF file. */
export const isGguf = (named: string): boolean => named.startsWith("llama:") || /\.gguf$/i.test(named);

async function fileOf(named: string, study: Study): Promise<string> {
  const target = named.replace(/^llama:/, "");
  const [typed, inStudy] = [resolve(target), llamaFileNamed(target, study)];
  // An address means what it means in study.yaml; a bare path is one of the command line.
  for (const path of target === named ? [typed, inStudy] : [inStudy, typed])
    if (await exists(path)) return path;
  throw new StudyError(`--model ${named}: no such file`, {
    hint: "name a GGUF file, or `llama:embedded`, the small model that comes with Tiny Love",
  });
}

/** Beside the place where it is to lie, and then moved there, so that a half-written base is never taken for a whole one. */
async function unpack(file: string, folder: string, study: Study, effects: Effects): Promise<void> {
  const workshop = study.path(".tinylove", "unpacking", basename(folder));
  await rm(workshop, { recursive: true, force: true });
  const config = { model: file, out: workshop, forms: ["merged"] };
  await runTrainer({ command: "export", config, folder: workshop, label: "unpack" }, effects);
  await mkdir(join(folder, ".."), { recursive: true });
  await rm(folder, { recursive: true, force: true });
  await rename(join(workshop, "merged"), folder);
  await rm(workshop, { recursive: true, force: true });
}
