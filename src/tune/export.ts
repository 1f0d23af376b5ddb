import { join, relative } from "node:path";
import { z } from "zod";
import { runTrainer, type TrainerEvent } from "../llm/trainer.ts";
import { readStories } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, readJson } from "../workbench/files.ts";
import { wholeNumber } from "../workbench/options.ts";
import { command } from "../workbench/stage.ts";
import { openStudy, type Study } from "../workbench/study.ts";
import { copyAttribution } from "./attribution.ts";
import { onlyRun } from "./diagnose.ts";
import { tunedPath } from "./job.ts";

const forms = ["merged", "adapter", "gguf", "adapter-gguf"] as const;

const options = z.object({
  name: z.string().optional(),
  forms: z.string().optional(),
  precision: z.enum(["f16", "f32"], "f16 or f32").default("f16"),
  prompts: wholeNumber(1, 1000).default(20),
  licence: z.string().optional(),
});

/** `tinylove tune export`: writes a tuned model in other formats and checks them against PyTorch. */
export const exportTuned = command({
  name: "tune export",
  examples: ["tinylove tune export --study my-study", "tinylove tune export pythia-lora --forms merged,gguf"],
  parameters: [["[name]", "the folder in tuned/; not needed if there is only one"]],
  flags: [
    [
      "--forms <forms>",
      "merged, adapter, gguf, adapter-gguf, separated by commas (default: merged, and gguf for GPT-NeoX)",
    ],
    ["--precision <precision>", "precision of the matrices in GGUF: f16 or f32 (default: f16)"],
    ["--prompts <number>", "number of titles to check the GGUF with, test stories first (default: 20)"],
    [
      "--licence <licence>",
      "the licence to write into the GGUF file (consider that of the base and of the stories)",
    ],
  ],
  options,
  async run(folder, { name, forms: chosen, precision, prompts, licence }, effects) {
    const study = await openStudy(folder);
    const run = name ?? (await onlyRun(study));
    const place = tunedPath(study, run);
    const model = join(place, "model");
    if (!(await exists(model))) {
      throw new StudyError(`tuned/${run} has no model yet`, {
        hint: `run \`tinylove tune run --output ${run}\` until it is done`,
      });
    }
    const made: TrainerEvent[] = [];
    const config = {
      model,
      out: join(place, "export"),
      forms: chosen === undefined ? await formsFor(model) : formsIn(chosen),
      precision,
      name: run,
      prompts: await promptsOf(study, place, prompts),
      about: licence === undefined ? {} : { license: licence },
    };
    await runTrainer(
      {
        command: "export",
        config,
        folder: join(place, "export"),
        label: "export",
        onEvent: (event) => {
          if (event.event === "exported") made.push(event);
        },
      },
      effects,
    );
    // The licences of base and stories, next to the files of an export and in its folders.
    for (const to of [join(place, "export"), ...foldersIn(made)]) await copyAttribution(model, to);
    for (const event of made) effects.print(lineOf(event, study));
  },
});

const foldersIn = (made: readonly TrainerEvent[]): string[] =>
  made.flatMap(({ form, path }) => (form === "merged" || form === "adapter" ? [String(path)] : []));

const RunConfig = z.looseObject({ template: z.string().default("[[title]]") });

/** Prompts for the check: titles of the study in the learnt format, test stories first. */
async function promptsOf(study: Study, place: string, count: number): Promise<string[]> {
  const { template } = await readJson(join(place, "config.json"), RunConfig, "give a folder in tuned/");
  const stories = await readStories(study);
  const inOrder = [
    ...stories.filter(({ split }) => split === "test"),
    ...stories.filter(({ split }) => split !== "test"),
  ];
  const titles = [...new Set(inOrder.map(({ title }) => title))].slice(0, count);
  const [promptPart = ""] = template.split("[[story]]");
  return titles.map((title) => promptPart.replace("[[title]]", () => title).trimEnd());
}

/** Parses --forms; throws StudyError for an unknown format. */
function formsIn(text: string): string[] {
  return text.split(",").map((part) => {
    const form = part.trim();
    if ((forms as readonly string[]).includes(form)) return form;
    throw new StudyError(`--forms ${text}: unknown format ${form || "(empty)"}`, {
      hint: `try ${forms.join(", ")}`,
    });
  });
}

const Config = z.looseObject({ model_type: z.string() });
const Adapter = z.looseObject({ base_model_name_or_path: z.string() });

/** GPT-NeoX is written to GGUF by the trainer; others need llama.cpp's converter, so only on request. */
async function formsFor(model: string): Promise<string[]> {
  const adapter = join(model, "adapter_config.json");
  if (await exists(adapter)) return formsFor((await readJson(adapter, Adapter)).base_model_name_or_path);
  const config = join(model, "config.json");
  const isNeox = (await exists(config)) && (await readJson(config, Config)).model_type === "gpt_neox";
  return isNeox ? ["merged", "gguf"] : ["merged"];
}

const Node = z.looseObject({
  prompts: z.number().optional(),
  tokens: z.number().optional(),
  worst_probability_gap: z.number().optional(),
  flash_probability_gap: z.number().optional(),
  left_out: z.string().optional(),
});

/** What was written, how it was checked, and its address for a study. */
function lineOf({ form, path: written, node }: TrainerEvent, study: Study): string {
  const path = relative(study.folder, String(written));
  const scheme = form === "gguf" ? "llama" : form === "merged" ? "tuned" : undefined;
  return [
    `${form}: ${path}${checkOf(node)}`,
    ...(scheme ? [`  in generate.models: address: ${scheme}:${path}`] : []),
  ].join("\n");
}

function checkOf(node: unknown): string {
  const check = Node.safeParse(node).data;
  if (!check) return "";
  if (check.left_out) return `; not checked in llama.cpp: ${check.left_out}`;
  const [exact, flash] = [check.worst_probability_gap, check.flash_probability_gap].map((gap) =>
    gap?.toExponential(1),
  );
  return `; same ${check.tokens} tokens as PyTorch for ${check.prompts} prompts, probabilities within ${exact} (${flash} with flash attention)`;
}
