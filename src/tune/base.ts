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
 * Unpacks a GGUF file of a GPT-NeoX (`llama:embedded`, `llama:FILE` or a path) into a folder that can be tuned:
 * `bases/<name>/` in the study, once per file. Other bases are returned unchanged. Throws StudyError for a missing
 * file or another architecture.
 */
export async function withUnpackedBase(
  study: Study,
  request: TuningRequest,
  effects: Effects,
): Promise<TuningRequest> {
  const named = request.model ?? study.config.tune.model;
  if (named === undefined || !isGguf(named)) return request;
  const file = await fileOf(named, study);
  const name = basename(file).replace(/\.gguf$/i, "");
  const folder = study.path("bases", name);
  const hash = (await hashOf(file))!;
  const mark = join(folder, "made-from");
  const output = request.output ?? `${name}-${request.method ?? study.config.tune.method}`;
  if ((await readFile(mark, "utf8").catch(() => "")) !== hash) {
    effects.log(`  unpacking ${basename(file)} into bases/${name}`);
    await unpack(file, folder, study, effects);
    await writeWhole(mark, hash);
  }
  return { ...request, model: folder, output };
}

/** Whether a base is given as a GGUF file. */
export const isGguf = (named: string): boolean => named.startsWith("llama:") || /\.gguf$/i.test(named);

async function fileOf(named: string, study: Study): Promise<string> {
  const target = named.replace(/^llama:/, "");
  const [typed, inStudy] = [resolve(target), llamaFileNamed(target, study)];
  // An address is relative to the study, as in study.yaml; a plain path is relative to the current folder.
  for (const path of target === named ? [typed, inStudy] : [inStudy, typed])
    if (await exists(path)) return path;
  throw new StudyError(`--model ${named}: no such file`, {
    hint: "give a GGUF file, or `llama:embedded` (the small model that comes with Tiny Love)",
  });
}

/** Unpacks into a temporary folder and then moves it, so that an incomplete base is never used. */
async function unpack(file: string, folder: string, study: Study, effects: Effects): Promise<void> {
  const temporary = study.path(".tinylove", "unpacking", basename(folder));
  await rm(temporary, { recursive: true, force: true });
  const config = { model: file, out: temporary, forms: ["merged"] };
  await runTrainer({ command: "export", config, folder: temporary, label: "unpack" }, effects);
  await mkdir(join(folder, ".."), { recursive: true });
  await rm(folder, { recursive: true, force: true });
  await rename(join(temporary, "merged"), folder);
  await rm(temporary, { recursive: true, force: true });
}
