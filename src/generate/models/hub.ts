import { type HubFile, hubFileAt, hubFileNamed, hubFileOf } from "../../llm/hub.ts";
import type { SettingsOf } from "../../study/settings/models.ts";
import { sha256 } from "../../text/hash.ts";
import { readText } from "../../workbench/files.ts";
import type { Provider } from "../model.ts";
import { adapterOf, hashOfAll } from "./llama.ts";
import { formOfFile, localModel } from "./local.ts";

/** A GGUF file of a model hub, `hf:OWNER/REPO/FILE.gguf`: downloaded once into the cache, then run on this machine. */
export const hf: Provider<SettingsOf<"hf">> = {
  files: (settings, study) => [hubFileAt(asked(settings)).hashFile, ...adapterOf(settings, study)],
  form: (settings) => formOfFile(hubFileAt(asked(settings)).path),
  async open(settings, study, effects) {
    const { path, hashFile } = await hubFileOf(asked(settings), effects);
    const [adapter] = adapterOf(settings, study);
    const own = (await readText(hashFile)).trim();
    const hash = adapter ? sha256([own, await hashOfAll([adapter])].join("\n")) : own;
    return localModel(settings, { file: path, adapter, hash }, effects);
  },
};

const asked = ({ address }: SettingsOf<"hf">): HubFile => hubFileNamed(address, "generate.models");
