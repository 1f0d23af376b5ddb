import { join, resolve } from "node:path";
import { z } from "zod";
import { pluginFilesOf } from "../../plugins/load.ts";
import { trust as agree, isTrusted } from "../../plugins/trust.ts";
import { StudyError } from "../errors.ts";
import { readText } from "../files.ts";
import { command } from "../stage.ts";
import { pluginsNamed } from "../study.ts";

/** `tinylove trust`: the user agrees to run the plugins of a study as they are now. */
export const trust = command({
  name: "trust",
  examples: ["tinylove trust --study my-study"],
  options: z.object({}),
  async run(folder, _, effects) {
    const root = resolve(folder);
    const named = pluginsNamed(await readText(join(root, "study.yaml"), "name its folder with --study DIR"));
    if (named.length === 0)
      throw new StudyError(`${folder} names no plugins`, {
        hint: "list them under `plugins:` in study.yaml",
      });
    for (const files of await pluginFilesOf(root, named)) {
      const before = await isTrusted(files, { ...effects.env, TINYLOVE_TRUST: undefined });
      await agree(files, effects.env);
      for (const path of files.paths) effects.log(`  ${path}${before ? " (as before)" : ""}`);
    }
    effects.log("these programs may run now; after a change you will be asked again");
  },
});
