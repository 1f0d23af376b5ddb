import { type CatalogueModel, catalogue, catalogueFile } from "../../llm/catalogue.ts";
import { llamaFileNamed } from "../../llm/llama.ts";
import { type GgufSettings, type SettingsOf, targetOf } from "../../study/settings/models.ts";
import { sha256 } from "../../text/hash.ts";
import { StudyError } from "../../workbench/errors.ts";
import { hashOf } from "../../workbench/files.ts";
import type { Study } from "../../workbench/study.ts";
import { sizeOf } from "../bytes.ts";
import type { Provider } from "../model.ts";
import { formOfFile, localModel } from "./local.ts";

/**
 * A GGUF file on this machine, by its path inside the study; `llama:embedded` is the one that the package brings,
 * `llama:smollm2` one that `tinylove models get smollm2` brought.
 */
export const llama: Provider<SettingsOf<"llama">> = {
  files: (settings, study) => [llamaFileNamed(targetOf(settings), study), ...adapterOf(settings, study)],
  form: (settings, study) => formOfFile(llamaFileNamed(targetOf(settings), study)),
  async open(settings, study, effects) {
    const file = llamaFileNamed(targetOf(settings), study);
    const [adapter] = adapterOf(settings, study);
    const hash = await hashOfAll([file, ...(adapter ? [adapter] : [])]);
    return localModel(settings, { file, adapter, hash }, effects);
  },
};

/** A model of the catalogue that has not been downloaded. */
export const notHere = ({ name, size, licence }: CatalogueModel): StudyError =>
  new StudyError(`the model ${name} is not here yet`, {
    hint: `\`tinylove models get ${name}\` downloads it (${sizeOf(size)}, ${licence})`,
  });

export const adapterOf = ({ adapter }: GgufSettings, study: Study): string[] =>
  adapter ? [study.path(adapter)] : [];

/** The hash of a file, or one of several; throws StudyError for the one that is missing. */
export async function hashOfAll(files: readonly string[]): Promise<string> {
  const hashes: string[] = [];
  for (const file of files) {
    const hash = await hashOf(file);
    if (!hash) {
      const known = catalogue.find((model) => catalogueFile(model) === file);
      if (known) throw notHere(known);
      throw new StudyError(`generate.models: no model file ${file}`, {
        hint: "give the path of a GGUF file, relative to the study, or `llama:embedded`",
      });
    }
    hashes.push(hash);
  }
  return hashes.length === 1 ? hashes[0]! : sha256(hashes.join("\n"));
}
