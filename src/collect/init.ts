import { cp, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { defaultGenre } from "../study/config.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, filesUnder, readText, writeWhole } from "../workbench/files.ts";
import { pairsOf } from "../workbench/options.ts";
import { quoted } from "../workbench/quoted.ts";
import { command } from "../workbench/stage.ts";
import { studySchema } from "../workbench/study-schema.ts";
import { packageFolder } from "../workbench/version.ts";
import { type SettingAtPath, withSettings } from "../workbench/with-settings.ts";
import { inspectTable } from "./inspect-table.ts";

const examplesFolder = fileURLToPath(new URL("examples/", packageFolder));

/**
 * `tinylove init`: a new study folder with a commented `study.yaml`, from the user's own table or from an example.
 */
export const init = command({
  name: "init",
  examples: [
    "tinylove init my-study",
    "tinylove init my-study --corpus stories.csv",
    "tinylove init my-study --corpus stories.csv --columns title=headline text=body",
    "tinylove init my-study --example first-study",
  ],
  parameters: [["[folder]", "the new folder (default: my-study); it must be new or empty"]],
  flags: [
    ["--corpus <file>", "a table of your own stories; it is copied, and the split is set to fit it"],
    ["--columns <pairs...>", "names of columns that are not recognised: title=headline"],
    ["--table <name>", "which table, if the file is a database with several"],
    ["--example <name>", "start from one of the studies in examples/ (default: first-study)"],
  ],
  options: z.object({
    folder: z.string().default("my-study"),
    corpus: z.string().optional(),
    columns: z.array(z.string()).default([]),
    table: z.string().optional(),
    example: z.string().default("first-study"),
  }),
  async run(_, { folder, corpus, columns, table, example }, effects) {
    if (corpus === undefined && (columns.length > 0 || table !== undefined))
      throw new StudyError(`${table === undefined ? "--columns" : "--table"} works only with --corpus FILE`, {
        hint: "add --corpus FILE",
      });
    const root = resolve(folder);
    await assertUnused(root, folder);
    const source = join(examplesFolder, example);
    if (!/^[a-z0-9-]+$/.test(example) || !(await exists(join(source, "study.yaml")))) {
      throw new StudyError(`no example ${example}`, { hint: "try first-study" });
    }
    const written = await readText(join(source, "study.yaml"));
    const settings = written.replace(/^name: .*$/m, `name: ${nameFrom(root)}`);
    if (corpus === undefined) {
      await cp(source, root, { recursive: true, filter: (path) => basename(path) !== "study.yaml" });
      await writeStudy(root, settings, gitignore);
    } else {
      const own = { columns: pairsOf("--columns", columns, "title=headline"), table };
      const { settings: fitting, summary } = await inspectTable(corpus, own, effects);
      const file = basename(resolve(corpus));
      await cp(corpus, join(root, file), { recursive: true });
      const changed = withSettings(settings, [...ownCorpus(file, own), ...fitting]);
      await writeStudy(root, changed, `${gitignore}/${file}\n`);
      for (const line of summary) effects.log(`  ${line}`);
    }
    effects.log(
      `made ${folder}: edit ${quoted(join(folder, "study.yaml"))}, then run \`tinylove run --study ${quoted(folder)}\``,
    );
  },
});

async function assertUnused(root: string, folder: string): Promise<void> {
  if ((await exists(root)) && !(await stat(root)).isDirectory())
    throw new StudyError(`${folder} is a file`, { hint: "choose a new folder" });
  if ((await filesUnder(root)).length > 0)
    throw new StudyError(`${folder} is not empty`, { hint: "choose a new folder" });
}

/** Writes `study.yaml` last: a folder without it is not a study, so a kill leaves nothing that looks like one. */
async function writeStudy(root: string, settings: string, ignored: string): Promise<void> {
  await writeWhole(join(root, "study.schema.json"), `${JSON.stringify(studySchema(), null, 2)}\n`);
  await writeWhole(join(root, ".gitignore"), ignored);
  await writeWhole(join(root, "study.yaml"), settings);
}

/** Settings that describe the example's own stories are replaced. */
const ownCorpus = (
  file: string,
  {
    columns,
    table,
  }: { readonly columns: Readonly<Record<string, string>>; readonly table?: string | undefined },
): SettingAtPath[] => [
  ["title", "A study of very short stories"],
  ["genre", defaultGenre],
  ["corpus.file", file],
  ["corpus.licence", "unknown"],
  ["corpus.note", ""],
  ["survey.consent", consent],
  ...(table === undefined ? [] : [["corpus.table", table] as const]),
  ...(Object.keys(columns).length === 0 ? [] : [["corpus.columns", columns] as const]),
];

/** A consent text that fits any stories and any questions. */
const consent =
  "You are invited to read some very short stories and to say what you think of each. It takes about {minutes} minutes.\nTaking part is voluntary and you may stop at any time. We keep your answers and how long you took, under a random code, but no name and no IP address.";

/** Collected texts and personal data stay out of version control. */
const gitignore = "corpus/\ncollected/\ngenerations/\nbases/\ntuned/\nbackups/\nsurvey.sqlite*\n.tinylove/\n";

function nameFrom(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return name || "study";
}
