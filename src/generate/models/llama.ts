import { timestamp } from "../../workbench/effects.ts";
import { StudyError } from "../../workbench/errors.ts";
import { exists, hashOf, sha256 } from "../../workbench/files.ts";
import { embeddedModelFile, type LlamaModelInMemory, openLlama } from "../../workbench/llama.ts";
import type { Study } from "../../workbench/study.ts";
import { type Provider, type Request, targetOf } from "../model.ts";

/** A GGUF file on this machine, by its path inside the study; `llama:embedded` is the one that the package brings. */
export const llama: Provider = {
  scheme: "llama",
  summary: "a GGUF file on this machine",
  files: (settings, study) => [
    fileOf(targetOf(settings), study),
    ...(settings.adapter ? [study.path(settings.adapter)] : []),
  ],
  async open(settings, study, effects) {
    const file = fileOf(targetOf(settings), study);
    const adapter = settings.adapter && study.path(settings.adapter);
    const together = settings.parallel ?? defaultParallel;
    let memory: Promise<LlamaModelInMemory> | undefined;
    const loaded = () => {
      memory ??= openLlama({ file, adapter, threads: settings.threads, parallel: together });
      return memory;
    };
    return {
      address: settings.address,
      hash: await hashOfAll([file, ...(adapter ? [adapter] : [])]),
      together,
      atOnce: 1,
      async prepare(requests) {
        const model = await loaded();
        model.reserve(Math.max(...requests.map((request) => roomFor(model, request))));
      },
      async write(batch, onText) {
        const model = await loaded();
        const outcomes = await model.continueAll(
          batch.map(({ prompt, stop, seed, sampling }) => ({
            prompt: prompt.text,
            shared: prompt.shared,
            stop,
            seed,
            draw: sampling,
          })),
          { signal: effects.signal, onText },
        );
        return outcomes.map(({ text, end, promptTokens, generatedTokens, ms }) => ({
          raw: text,
          end,
          tokens: { prompt: promptTokens, generated: generatedTokens },
          ms,
          at: timestamp(effects),
        }));
      },
      close: async () => (await memory)?.close(),
    };
  },
};

/** Texts written in step. More share the reading of the weights, which bounds the speed of a big model. */
const defaultParallel = 8;

const roomFor = (model: LlamaModelInMemory, { prompt, sampling }: Request): number =>
  model.count(prompt.text) + sampling.mostTokens + 2;

const fileOf = (target: string, study: Study): string =>
  target === "embedded" ? embeddedModelFile : study.path(target);

async function hashOfAll(files: readonly string[]): Promise<string> {
  const hashes = [];
  for (const file of files) {
    const hash = (await exists(file)) ? await hashOf(file) : undefined;
    if (!hash) {
      throw new StudyError(`generate.models: no model file ${file}`, {
        hint: "give the path of a GGUF file, relative to the study, or `llama:embedded`",
      });
    }
    hashes.push(hash);
  }
  return hashes.length === 1 ? hashes[0]! : sha256(hashes.join("\n"));
}
