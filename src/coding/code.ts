import { basename } from "node:path";
import { z } from "zod";
import { cuesCoder } from "../study/coding.ts";
import { readRecords } from "../tables/records.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, writeWhole } from "../workbench/files.ts";
import { wholeNumber } from "../workbench/options.ts";
import { command } from "../workbench/stage.ts";
import { openStudy, type Study } from "../workbench/study.ts";
import { pageOf, readCodebook } from "./codebook.ts";
import { codingsFolder, drawnTexts, writeCoder } from "./codings.ts";
import { codedByModel } from "./model-coder.ts";
import { codingSheet, codingsOfSheet } from "./sheet.ts";
import { coderInTextSet, longestCoder, readTextSet, type TextSet } from "./text-sets.ts";
import { type Text, textsOf } from "./texts.ts";

const Options = z.object({
  how: z.enum(["sheet", "import", "model"], { error: "use sheet, import or model" }),
  file: z.string().optional(),
  coder: z.string().optional(),
  count: wholeNumber(1).optional(),
  model: z.string().optional(),
  base: z.string().optional(),
  key: z.string().optional(),
  parallel: wholeNumber(1, 64).default(4),
  influence: z.boolean().default(false),
});
type Options = z.infer<typeof Options>;

/** `tinylove code`: kind of love, tone and cultural setting, by people with a sheet or by a language model. */
export const code = command({
  name: "code",
  examples: [
    "tinylove code sheet --coder anna --count 60",
    "tinylove code import corpus/sheets/anna.csv --coder anna",
    "tinylove code model --model llama3.1 --base http://localhost:11434/v1",
  ],
  parameters: [
    [
      "<how>",
      "sheet (a table for a person to fill in), import (read a filled sheet), model (let a language model code)",
    ],
    ["[file]", "the filled sheet (for import)"],
  ],
  flags: [
    ["--coder <name>", "name of the coder (default for a model: its own name)"],
    [
      "--count <number>",
      "number of texts, drawn at random, half of them by machines; the same for every coder (default: all)",
    ],
    ["--model <name>", "anthropic:MODEL, ollama:MODEL, gemini:MODEL …, or the model's name on the server"],
    ["--base <address>", "an OpenAI-compatible server (default: OpenAI)"],
    [
      "--key <variable>",
      "the environment variable with the server's key (default: OPENAI_API_KEY, ANTHROPIC_API_KEY …)",
    ],
    ["--parallel <number>", "number of texts sent at the same time (default: 4)"],
    [
      "--influence",
      "code the texts of `tinylove factorial`, with its example stories and the stories of its titles",
    ],
  ],
  options: Options,
  async run(folder, options, effects) {
    const study = await openStudy(folder);
    const textSet = options.influence ? "factorial" : "study";
    const { stories, generations } = await readTextSet(study, textSet);
    await actions[options.how](study, textSet, textsOf(stories, generations), options, effects);
  },
});

type Action = (
  study: Study,
  textSet: TextSet,
  texts: readonly Text[],
  options: Options,
  effects: Effects,
) => Promise<void>;

const actions: Record<Options["how"], Action> = {
  async sheet(study, textSet, texts, { coder, count }, effects) {
    const name = coderFile(coder, textSet);
    const file = `corpus/sheets/${name}.csv`;
    if (await exists(study.path(file))) {
      throw new StudyError(`${file} already exists`, {
        hint: "somebody may be filling it in; move it first",
      });
    }
    const codebook = await readCodebook(study);
    const drawn = drawnTexts(study, texts, count);
    const pages = [codebook.instructions, ...codebook.variables.map(pageOf)].join("\n\n");
    await writeWhole(study.path("corpus/sheets/codebook.md"), `${pages}\n`);
    await writeWhole(study.path(file), codingSheet(study, name, drawn, codebook));
    effects.log(`  ${drawn.length} items: ${file}; instructions: corpus/sheets/codebook.md`);
  },

  async import(study, textSet, texts, { coder, file }, effects) {
    const name = coderFile(coder, textSet);
    if (file === undefined) {
      throw new StudyError("import needs a file", {
        hint: `try tinylove code import corpus/sheets/${name}.csv`,
      });
    }
    const rows = await readRecords(file, { hint: "give the path of the filled sheet" });
    const codebook = await readCodebook(study);
    const codings = codingsOfSheet(study, name, texts, codebook, rows, basename(file));
    if (codings.length === 0)
      throw new StudyError(`${file}: nothing is coded`, { hint: "fill in its columns" });
    await writeCoder(study, { name, kind: "people", codings });
    const coded = new Set(codings.map(({ text }) => text)).size;
    effects.log(`  ${coded} of ${rows.length} items coded: ${codingsFolder}/${name}.csv`);
  },

  async model(study, textSet, texts, { coder, count, model, base, key, parallel }, effects) {
    if (!model)
      throw new StudyError("no model given", { hint: "use --model with the name that the server uses" });
    const name = coderFile(coder ?? slugOf(model).slice(0, longestCoder(textSet)), textSet);
    const codebook = await readCodebook(study);
    const drawn = drawnTexts(study, texts, count);
    const codings = await codedByModel(study, drawn, codebook, { model, base, key, parallel }, effects);
    if (codings.length === 0) {
      throw new StudyError(`${model} coded no text`, {
        hint: "its answers have no code of the codebook; try another model",
      });
    }
    await writeCoder(study, { name, kind: "model", codings });
    const coded = new Set(codings.map(({ text }) => text)).size;
    effects.log(`  ${coded} of ${drawn.length} texts coded: ${codingsFolder}/${name}.csv`);
  },
};

/** The name of the coder's file. Throws StudyError if there is none, or if it is the name of the cue lists. */
function coderFile(coder: string | undefined, textSet: TextSet): string {
  if (coder === undefined) throw new StudyError("no coder given", { hint: "use --coder NAME" });
  if (coder === cuesCoder)
    throw new StudyError("coder cues: the cue lists have this name", { hint: "choose another name" });
  return coderInTextSet(coder, textSet);
}

/** A model's name as a file's. */
const slugOf = (model: string): string => model.replace(/[^a-z0-9_]+/gi, "-").replace(/^-+|-+$/g, "");
