import { cp, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { StudyConfig } from "../../study/config.ts";
import { StudyError } from "../errors.ts";
import { exists, filesUnder, readText, writeWhole } from "../files.ts";
import { command } from "../stage.ts";
import { packageFolder } from "../version.ts";

const examplesFolder = fileURLToPath(new URL("examples/", packageFolder));

/** `tinylove init`: a new study folder with a commented `study.yaml`, or a copy of an example. */
export const init = command({
  name: "init",
  summary: "Make a new study folder with a commented study.yaml",
  examples: ["tinylove init my-study", "tinylove init my-study --example first-study"],
  parameters: [["[folder]", "where; it must be new or empty"]],
  flags: [["--example <name>", "begin as a copy of one of the studies in examples/"]],
  options: z.object({ folder: z.string().default("my-study"), example: z.string().default("first-study") }),
  async run(_, { folder, example }, effects) {
    const root = resolve(folder);
    if ((await exists(root)) && !(await stat(root)).isDirectory())
      throw new StudyError(`${folder} is a file`, { hint: "name a new folder" });
    if ((await filesUnder(root)).length > 0)
      throw new StudyError(`${folder} is not empty`, { hint: "name a new folder" });
    const source = join(examplesFolder, example);
    if (!/^[a-z0-9-]+$/.test(example) || !(await exists(join(source, "study.yaml")))) {
      throw new StudyError(`no example ${example}`, { hint: "try first-study" });
    }
    // study.yaml comes last: a folder without it is no study, so a kill leaves nothing that looks like one.
    const settings = await readText(join(source, "study.yaml"));
    await cp(source, root, { recursive: true, filter: (path) => basename(path) !== "study.yaml" });
    await writeWhole(
      join(root, "study.schema.json"),
      `${JSON.stringify(z.toJSONSchema(StudyConfig, { io: "input" }), null, 2)}\n`,
    );
    await writeWhole(join(root, ".gitignore"), gitignore);
    await writeWhole(join(root, "study.yaml"), settings.replace(/^name: .*$/m, `name: ${nameFrom(root)}`));
    effects.log(
      `made ${folder}: read and change ${join(folder, "study.yaml")}, then \`tinylove run --study ${folder}\``,
    );
  },
});

/** Collected texts and personal data stay out of version control. */
const gitignore = "corpus/\ncollected/\ngenerations/\nbases/\ntuned/\nbackups/\nsurvey.sqlite*\n.tinylove/\n";

function nameFrom(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return name || "study";
}
