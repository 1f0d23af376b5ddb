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
  how: z.enum(["sheet", "import", "model"], { error: "try sheet, import or model" }),
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
  summary: "Code kind of love, tone and cultural setting by the codebook",
  examples: [
    "tinylove code sheet --coder anna --count 60",
    "tinylove code import corpus/sheets/anna.csv --coder anna",
    "tinylove code model --model llama3.1 --base http://localhost:11434/v1",
  ],
  parameters: [
    ["<how>", "sheet (for a person to fill in), import (a filled one), model (a language model codes)"],
    ["[file]", "the filled sheet, for import"],
  ],
  flags: [
    ["--coder <name>", "who codes; a model's own name by default"],
    [
      "--count <number>",
      "texts, drawn by lot and half of them machine's; all by default, the same for every coder",
    ],
    ["--model <name>", "anthropic:MODEL, ollama:MODEL, gemini:MODEL …, or a model's name at its server"],
    ["--base <address>", "an OpenAI-compatible server; OpenAI's own by default"],
    [
      "--key <variable>",
      "the environment variable that holds the server's key (default: OPENAI_API_KEY, ANTHROPIC_API_KEY …)",
    ],
    ["--parallel <number>", "texts asked about at the same time (default 4)"],
    [
      "--influence",
      "code the texts of `tinylove factorial`, its examples and its titles' own stories instead",
    ],
  ],
  options: Options,
  async run(folder, options, effects) {
    const study = await openStudy(folder);
    const lot = options.influence ? "factorial" : "study";
    const { stories, generations } = await readTextSet(study, lot);
    await ways[options.how](study, lot, textsOf(stories, generations), options, effects);
  },
});

type Way = (
  study: Study,
  lot: TextSet,
  texts: readonly Text[],
  options: Options,
  effects: Effects,
) => Promise<void>;

const ways: Record<Options["how"], Way> = {
  async sheet(study, lot, texts, { coder, count }, effects) {
    const name = named(coder, lot);
    const file = `corpus/sheets/${name}.csv`;
    if (await exists(study.path(file))) {
      throw new StudyError(`${file} is there already`, {
        hint: "somebody may be filling it in; move it away first",
      });
    }
    const codebook = await readCodebook(study);
    const drawn = drawnTexts(study, texts, count);
    const pages = [codebook.instructions, ...codebook.variables.map(pageOf)].join("\n\n");
    await writeWhole(study.path("corpus/sheets/codebook.md"), `${pages}\n`);
    await writeWhole(study.path(file), codingSheet(study, name, drawn, codebook));
    effects.log(`  ${drawn.length} items: ${file}; how to code: corpus/sheets/codebook.md`);
  },

  async import(study, lot, texts, { coder, file }, effects) {
    const name = named(coder, lot);
    if (file === undefined) {
      throw new StudyError("import: no file", { hint: `try tinylove code import corpus/sheets/${name}.csv` });
    }
    const rows = await readRecords(file, { hint: "name the sheet that was filled in" });
    const codebook = await readCodebook(study);
    const codings = codingsOfSheet(study, name, texts, codebook, rows, basename(file));
    if (codings.length === 0)
      throw new StudyError(`${file}: no item is coded`, { hint: "fill in its columns" });
    await writeCoder(study, { name, kind: "people", codings });
    const coded = new Set(codings.map(({ text }) => text)).size;
    effects.log(`  ${coded} of ${rows.length} items coded: ${codingsFolder}/${name}.csv`);
  },

  async model(study, lot, texts, { coder, count, model, base, key, parallel }, effects) {
    if (!model) throw new StudyError("no model", { hint: "name it with --model, as its server calls it" });
    const name = named(coder ?? slugOf(model).slice(0, longestCoder(lot)), lot);
    const codebook = await readCodebook(study);
    const drawn = drawnTexts(study, texts, count);
    const codings = await codedByModel(study, drawn, codebook, { model, base, key, parallel }, effects);
    if (codings.length === 0) {
      throw new StudyError(`${model} coded no text`, {
        hint: "its answers hold no code of the codebook; try another",
      });
    }
    await writeCoder(study, { name, kind: "model", codings });
    const coded = new Set(codings.map(({ text }) => text)).size;
    effects.log(`  ${coded} of ${drawn.length} texts coded: ${codingsFolder}/${name}.csv`);
  },
};

/** The name under which the codes are kept. Throws StudyError without one, and for the name that the cue lists have. */
function named(coder: string | undefined, lot: TextSet): string {
  if (coder === undefined) throw new StudyError("no coder", { hint: "name who codes with --coder" });
  if (coder === cuesCoder)
    throw new StudyError("coder cues: the cue lists are called so", { hint: "take another name" });
  return coderInTextSet(coder, lot);
}

/** A model's name as a file's. */
const slugOf = (model: string): string => model.replace(/[^a-z0-9_]+/gi, "-").replace(/^-+|-+$/g, "");
