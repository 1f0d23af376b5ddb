import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { catalogue } from "../llm/catalogue.ts";
import { llamaFileNamed } from "../llm/llama.ts";
import { runTrainer, type TrainerEvent } from "../llm/trainer.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, hashOf, writeWhole } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import type { TuningRequest } from "./tuning-request.ts";

/** What a base was unpacked from: `made-from.json` in its folder. */
const MadeFrom = z.object({
  file: z.string(),
  sha256: z.string(),
  /** The type of the file's weights, if they were quantised: `Q4_1`. What that lost is not restored. */
  quantised: z.string().nullish(),
  licence: z.string().nullish(),
});
export type MadeFrom = Readonly<z.infer<typeof MadeFrom>>;

/** What a base's folder was unpacked from; undefined if it was not unpacked from a GGUF file. */
export const madeFrom = (base: string): Promise<MadeFrom | undefined> =>
  readFile(join(base, "made-from.json"), "utf8")
    .then((text) => MadeFrom.parse(JSON.parse(text)))
    .catch(() => undefined);

/**
 * Unpacks a GGUF file (`llama:embedded`, `llama:FILE` or a path) into a folder that can be tuned: `bases/<name>/` in the
 * study, once per file. Other bases are returned unchanged. Throws StudyError for a missing file or an architecture
 * that cannot be read.
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
  const output = request.output ?? `${name}-${request.method ?? study.config.tune.method}`;
  if ((await madeFrom(folder))?.sha256 !== hash) {
    effects.log(`  unpacking ${basename(file)} into bases/${name}`);
    const { quantised, licence } = await unpack(file, folder, study, effects);
    const known = catalogue.find((model) => model.sha256 === hash)?.licence;
    const record: MadeFrom = { file: basename(file), sha256: hash, quantised, licence: known ?? licence };
    await writeWhole(join(folder, "made-from.json"), `${JSON.stringify(record, null, 2)}\n`);
    if (quantised)
      effects.log(
        `  its weights are quantised (${quantised}): the base is these weights, not the original ones`,
      );
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
async function unpack(
  file: string,
  folder: string,
  study: Study,
  effects: Effects,
): Promise<z.infer<typeof Unpacked>> {
  const temporary = study.path(".tinylove", "unpacking", basename(folder));
  await rm(temporary, { recursive: true, force: true });
  const config = { model: file, out: temporary, forms: ["merged"] };
  let unpacked: z.infer<typeof Unpacked> = {};
  const onEvent = (event: TrainerEvent) => {
    if (event.event === "exported") unpacked = Unpacked.parse(event);
  };
  await runTrainer({ command: "export", config, folder: temporary, label: "unpack", onEvent }, effects);
  await mkdir(join(folder, ".."), { recursive: true });
  await rm(folder, { recursive: true, force: true });
  await rename(join(temporary, "merged"), folder);
  await rm(temporary, { recursive: true, force: true });
  return unpacked;
}

const Unpacked = z.looseObject({ quantised: z.string().nullish(), licence: z.string().nullish() });
