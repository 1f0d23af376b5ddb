import { join } from "node:path";
import { expect, test } from "vitest";
import { writeFullPrecision } from "../helpers/full-precision.ts";
import { llamaPackages, startLlamaServer } from "../helpers/llama-server.ts";
import { writeTinyModel } from "../helpers/tiny-model.ts";
import { temporaryFolder } from "../helpers/world.ts";
import { comparedWithServer, oddTemplates, storyPrompts } from "./compare-with-server.ts";

// llama.cpp's own server, if Python is available: see `llamaPackages`. `npm run bench -- chat-templates` takes more prompts and
// writes more tokens.
const packages = await llamaPackages();
const there = "missing" in packages ? undefined : packages;
if ("missing" in packages) test.skip(`skipped: ${packages.missing}`, () => {});

test.skipIf(!there).each(Object.entries(oddTemplates))(
  "a model with template %s gets the same prompt as from llama.cpp's own server",
  async (_, template) => {
    const file = join(await temporaryFolder(), "odd.gguf");
    await writeTinyModel(file, {
      words: [" the", " sea", "user", "system", "model"],
      special: ["<|im_start|>", "<|im_end|>"],
      ascii: true,
      metadata: { "tokenizer.chat_template": template },
    });
    const server = await startLlamaServer(there!, file, { reasoningFormat: "none" });
    try {
      const prompts = ["The Last Ferry", "  Two Lamps ", "Naïve, in “quotes” – 1 < 2"].map((title) => [
        { role: "system" as const, content: "You write stories." },
        { role: "user" as const, content: `Write a story: ${title}` },
      ]);
      const found = await comparedWithServer(file, server.base, prompts, 30);
      expect(found).toMatchObject({ prompts: 3, sameTokens: 3, otherToken: 0 });
      expect(found.furthest).toBeLessThan(1e-3);
      expect(found.written).toBeGreaterThan(30);
    } finally {
      await server.kill();
    }
  },
);

test.skipIf(!there)(
  "SmolLM2 with its own chat template has llama.cpp's own probabilities, with weights and attention in f32",
  { timeout: 600_000 },
  async () => {
    const file = join(await temporaryFolder(), "smollm2-f32.gguf");
    await writeFullPrecision(there!.smolLm2, file);
    const options = { reasoningFormat: "none", fullPrecision: true } as const;
    const server = await startLlamaServer(there!, file, options);
    try {
      const found = await comparedWithServer(file, server.base, await storyPrompts(3), 6, options);
      expect(found).toMatchObject({ prompts: 3, sameTokens: 3, written: 18, otherToken: 0 });
      expect(found.furthest).toBeLessThan(1e-3);
      expect(found.clear).toBeGreaterThan(15);
    } finally {
      await server.kill();
    }
  },
);
