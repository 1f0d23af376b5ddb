import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { runTrainer } from "../../llm/trainer.ts";
import { type SettingsOf, targetOf } from "../../study/settings/models.ts";
import { shortId } from "../../text/hash.ts";
import { type Effects, timestamp } from "../../workbench/effects.ts";
import { StudyError } from "../../workbench/errors.ts";
import { checked, exists, hashOf, jsonLines, readJson, writeWhole } from "../../workbench/files.ts";
import type { Study } from "../../workbench/study.ts";
import {
  baseFormat,
  type Model,
  type PromptFormat,
  type Provider,
  type Reply,
  type Request,
} from "../model.ts";
import { numericSampling } from "../sampling.ts";
import { localModel } from "./local.ts";

/**
 * A model that `tinylove tune` wrote, `tuned:DIR`, with DIR inside the study; `tuned:DIR@STEP` is its checkpoint at that
 * step of training. A `model.gguf` in it runs in this
 * process; else the trainer samples from the model folder, since llama.cpp does not support GPT-Neo.
 */
export const tuned: Provider<SettingsOf<"tuned">> = {
  files: (settings, study) => [placeOf(settings, study).folder],
  promptFormat: (settings, study) => {
    const { run, folder, step } = placeOf(settings, study);
    return promptFormatOf(step === undefined ? folder : run);
  },
  async open(settings, study, effects) {
    const { run, folder, step } = placeOf(settings, study);
    if (step !== undefined && !(await exists(folder))) throw await noCheckpoint(run, step);
    const gguf = join(folder, "model.gguf");
    if (await exists(gguf)) {
      return localModel(settings, { file: gguf, hash: (await hashOf(gguf))! }, effects);
    }
    for (const model of [join(folder, "model"), folder]) {
      if (await exists(join(model, "config.json"))) return sampledByTrainer(settings, model, study, effects);
      if (await exists(join(model, "adapter_config.json")))
        return sampledByTrainer(settings, model, study, effects);
    }
    throw new StudyError(`generate.models: no tuned model in ${folder}`, {
      hint: "give the folder that `tinylove tune` wrote, with `model` or model.gguf in it",
    });
  },
};

/** The folder of the model or of the checkpoint, and that of its run. */
function placeOf(settings: SettingsOf<"tuned">, study: Study) {
  const [, target, step] = /^(.*?)(?:@(\d+))?$/.exec(targetOf(settings))!;
  const named = study.path(target!);
  const run = basename(named) === "model" ? dirname(named) : named;
  const folder = step === undefined ? named : join(run, "checkpoints", `checkpoint-${step}`);
  return { run, folder, step };
}

/** The error for a step without a checkpoint: its hint lists the steps that have one. */
async function noCheckpoint(run: string, step: string): Promise<StudyError> {
  const found = await readdir(join(run, "checkpoints")).catch(() => []);
  const steps = found
    .flatMap((name) => /^checkpoint-(\d+)$/.exec(name)?.[1] ?? [])
    .sort((one, other) => Number(one) - Number(other));
  return new StudyError(`generate.models: ${run} has no checkpoint of step ${step}`, {
    hint: `${steps.length > 0 ? `it has ${steps.join(", ")}` : "it has none"}; tune.keep says how many are kept`,
  });
}

/** A model is asked as it was tuned; one that was not tuned here, as its chat template says. */
async function promptFormatOf(folder: string): Promise<PromptFormat> {
  const instructed: PromptFormat = { apis: ["chat"], defaultPrompt: "chat-small" };
  for (const run of [folder, dirname(folder)]) {
    const { template, messages } = await configIn(run);
    if (messages !== undefined) return instructed;
    if (template !== undefined) return baseFormat;
  }
  for (const model of [join(folder, "model"), folder]) {
    const tokenizer = await readFile(join(model, "tokenizer_config.json"), "utf8").catch(() => "");
    if ((await exists(join(model, "chat_template.jinja"))) || tokenizer.includes('"chat_template"'))
      return { ...instructed, apis: ["chat", "completions"] };
  }
  return baseFormat;
}

/** How `tinylove tune` asked for stories in a run, from its config. */
async function configIn(run: string): Promise<z.infer<typeof RunConfig>> {
  const file = join(run, "config.json");
  if (!(await exists(file))) return {};
  return RunConfig.safeParse(await readJson(file, z.unknown(), notJson)).data ?? {};
}

const notJson = "restore it, or give the model's own folder as the address (tuned:DIR/model)";

const RunConfig = z.looseObject({
  template: z.string().optional(),
  messages: z.array(z.unknown()).optional(),
});

async function sampledByTrainer(
  settings: SettingsOf<"tuned">,
  model: string,
  study: Study,
  effects: Effects,
): Promise<Model> {
  const hash = (await hashOf(model))!;
  return {
    address: settings.address,
    hash,
    // Each process loads the model again, which may take minutes, so batches are large.
    batchSize: 64,
    maxConcurrency: 1,
    write: (batch) => sampled(batch, { model, settings, study, effects }),
    close: async () => {},
  };
}

interface Sampling {
  readonly model: string;
  readonly settings: SettingsOf<"tuned">;
  readonly study: Study;
  readonly effects: Effects;
}

const Sampled = z.looseObject({
  id: z.string(),
  raw: z.string(),
  end: z.enum(["stop", "end of text", "limit"]),
  prompt_tokens: z.int(),
  generated_tokens: z.int(),
  log_probability: z.number().nullish(),
});

async function sampled(batch: readonly Request[], by: Sampling): Promise<Reply[]> {
  const { model, settings, study, effects } = by;
  const folder = study.path(".tinylove", "sampling", shortId(settings.address));
  const requests = join(folder, "requests.jsonl");
  await writeWhole(
    requests,
    jsonLines(batch.map((request, index) => ({ id: String(index), ...lineOf(request) }))),
  );
  const replies = new Map<string, Reply>();
  let before = effects.now();
  await runTrainer(
    {
      command: "sample",
      config: {
        model,
        requests,
        batch: settings.parallel ?? 8,
        ...(settings.threads && { threads: settings.threads }),
      },
      folder,
      label: "sampling",
      onEvent(event) {
        if (event.event !== "generation") return;
        const text = checked(event, Sampled, "the trainer's sample");
        const ms = effects.now() - before;
        before = effects.now();
        replies.set(text.id, {
          raw: text.raw,
          end: text.end,
          tokens: { prompt: text.prompt_tokens, generated: text.generated_tokens },
          logProbability: text.log_probability ?? undefined,
          ms,
          at: timestamp(effects),
        });
      },
    },
    effects,
  );
  return batch.map(
    (_, index) =>
      replies.get(String(index)) ?? { failed: "the trainer returned no text", ms: 0, at: timestamp(effects) },
  );
}

function lineOf({ prompt, seed, sampling, stop }: Request) {
  const { temperature, topP, topK, minP, repeatPenalty, leastTokens, mostTokens } = numericSampling(sampling);
  return {
    prompt: prompt.messages ?? prompt.text,
    seed,
    // An instructed model stops by itself, so its text is kept whole.
    stop: prompt.messages ? "" : stop,
    temperature,
    top_p: topP,
    top_k: topK,
    min_p: minP,
    repeat_penalty: repeatPenalty,
    least_tokens: leastTokens,
    most_tokens: mostTokens,
  };
}
