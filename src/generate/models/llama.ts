import type { ModelSettings } from "../../study/settings/generate.ts";
import { sha256 } from "../../text/hash.ts";
import { StudyError } from "../../workbench/errors.ts";
import { hashOf } from "../../workbench/files.ts";
import { llamaFileNamed } from "../../workbench/llama.ts";
import type { Study } from "../../workbench/study.ts";
import { type Provider, targetOf } from "../model.ts";
import { formOfFile, localModel } from "./local.ts";

/** A GGUF file on this machine, by its path inside the study; `llama:embedded` is the one that the package brings. */
export const llama: Provider = {
  scheme: "llama",
  summary: "a GGUF file on this machine, or `llama:embedded`",
  files: (settings, study) => [llamaFileNamed(targetOf(settings), study), ...adapterOf(settings, study)],
  form: (settings, study) => formOfFile(llamaFileNamed(targetOf(settings), study)),
  async open(settings, study, effects) {
    const file = llamaFileNamed(targetOf(settings), study);
    const [adapter] = adapterOf(settings, study);
    const hash = await hashOfAll([file, ...(adapter ? [adapter] : [])]);
    return localModel(settings, { file, adapter, hash }, effects);
  },
};

export const adapterOf = ({ adapter }: ModelSettings, study: Study): string[] =>
  adapter ? [study.path(adapter)] : [];

/** The hash of a file, or one of several; throws StudyError for the one that is missing. */
export async function hashOfAll(files: readonly string[]): Promise<string> {
  const hashes: string[] = [];
  for (const file of files) {
    const hash = await hashOf(file);
    if (!hash) {
      throw new StudyError(`generate.models: no model file ${file}`, {
        hint: "give the path of a GGUF file, relative to the study, or `llama:embedded`",
      });
    }
    hashes.push(hash);
  }
  return hashes.length === 1 ? hashes[0]! : sha256(hashes.join("\n"));
}
