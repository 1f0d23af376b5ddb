import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { generate } from "../../src/generate/generate.ts";
import type { Generation } from "../../src/study/generation.ts";
import { readGenerations } from "../../src/workbench/artefacts.ts";
import { runStage } from "../../src/workbench/manifest.ts";
import type { Study } from "../../src/workbench/study.ts";
import { madeUpStories, writeCorpus } from "../helpers/corpus.ts";
import { writeTinyModel } from "../helpers/tiny-model.ts";
import { quietEffects, temporaryStudy } from "../helpers/world.ts";

const python = process.env["TINYLOVE_PYTHON"];

async function studyOfTuned(): Promise<Study> {
  const study = await temporaryStudy({
    generate: { models: [{ address: "tuned:tuned/first", threads: 1 }], tokens: { least: 10, most: 20 } },
  });
  await writeCorpus(study, madeUpStories({ train: 3, test: 3 }));
  return study;
}

async function generated(study: Study): Promise<Generation[]> {
  await runStage(generate, study, {}, quietEffects());
  return readGenerations(study);
}

test("a tuned model in GGUF runs in this process", async () => {
  const study = await studyOfTuned();
  await mkdir(study.path("tuned/first"), { recursive: true });
  await writeTinyModel(study.path("tuned/first/model.gguf"), { words: [" love"] });
  const generations = await generated(study);
  expect(generations).toHaveLength(3);
  for (const { tokens } of generations) expect(tokens.generated).toBeGreaterThanOrEqual(10);
});

test("a folder without a model is an error with its name", async () => {
  await expect(generated(await studyOfTuned())).rejects.toThrow(/no tuned model in .*tuned\/first/);
});

// A GPT-Neo with random weights, as a small tuned model. Needs TINYLOVE_PYTHON, a Python with the trainer's packages.
test.skipIf(!python)(
  "a GPT-Neo is sampled through the trainer, the same for a seed",
  { timeout: 300_000 },
  async () => {
    const script = `
import sys, torch
from tokenizers import Tokenizer, models, pre_tokenizers, decoders
from transformers import GPTNeoConfig, GPTNeoForCausalLM, PreTrainedTokenizerFast
torch.manual_seed(1)
letters = sorted(pre_tokenizers.ByteLevel.alphabet())
tokenizer = Tokenizer(models.BPE(vocab={letter: at for at, letter in enumerate(letters + ["<|endoftext|>"])}, merges=[]))
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>", pad_token="<|endoftext|>")
fast.save_pretrained(sys.argv[1])
end = len(letters)
shape = GPTNeoConfig(vocab_size=end + 1, hidden_size=32, num_layers=2, num_heads=2, attention_types=[[["global", "local"], 1]], max_position_embeddings=1024, bos_token_id=end, eos_token_id=end)
GPTNeoForCausalLM(shape).save_pretrained(sys.argv[1])
`;
    const study = await studyOfTuned();
    const folder = study.path("tuned/first/model");
    await mkdir(folder, { recursive: true });
    await promisify(execFile)(python!, ["-c", script, folder]);
    const first = await generated(study);
    expect(first.map(({ outcome }) => outcome).filter((outcome) => outcome === "failed")).toEqual([]);
    for (const { tokens, logProbability } of first) {
      expect(tokens.generated).toBeGreaterThanOrEqual(10);
      expect(tokens.generated).toBeLessThanOrEqual(20);
      expect(logProbability).toBeLessThan(0);
    }
    const { rm } = await import("node:fs/promises");
    await rm(study.path(".tinylove"), { recursive: true });
    expect((await generated(study)).map(({ raw }) => raw)).toEqual(first.map(({ raw }) => raw));
  },
);
