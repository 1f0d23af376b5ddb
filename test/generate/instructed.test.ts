import { join } from "node:path";
import { expect, test } from "vitest";
import { generate } from "../../src/generate/generate.ts";
import { tryOne } from "../../src/generate/try.ts";
import { StudyConfig } from "../../src/study/config.ts";
import { readGenerations } from "../../src/workbench/artefacts.ts";
import { runStage } from "../../src/workbench/manifest.ts";
import { studyOf } from "../../src/workbench/study.ts";
import { madeUpStories, writeCorpus } from "../helpers/corpus.ts";
import { writeTinyModel } from "../helpers/tiny-model.ts";
import { quietEffects, temporaryFolder } from "../helpers/world.ts";

const chatML =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/** A study of a base model and an instructed one, which writes four words and ends. */
async function studyWith(generation: Record<string, unknown>, settings: Record<string, unknown> = {}) {
  const folder = await temporaryFolder();
  const special = ["<|im_start|>", "<|im_end|>"];
  await writeTinyModel(join(folder, "base.gguf"), { words: [" the"] });
  await writeTinyModel(join(folder, "told.gguf"), {
    words: [" She", " kept", " the", " key"],
    special,
    transitions: {
      "\n": { " She": 1 },
      " She": { " kept": 1 },
      " kept": { " the": 1 },
      " the": { " key": 1 },
      " key": { "<|im_end|>": 1 },
    },
    metadata: { "tokenizer.chat_template": chatML },
  });
  const study = studyOf(folder, StudyConfig.parse({ name: "test", generate: generation, ...settings }));
  await writeCorpus(study, madeUpStories({ train: 5, test: 2 }));
  return study;
}

const [base, told] = ["llama:base.gguf", "llama:told.gguf"].map((address) => ({ address, threads: 1 }));

test("each model is prompted in its own form: a base model with a text to continue, an instructed one with its chat template", async () => {
  const study = await studyWith({ models: [base, told], tokens: { least: 20, most: 30 } });
  await runStage(generate, study, {}, quietEffects());
  const generations = await readGenerations(study);
  const of = (address: string) => generations.filter(({ model }) => model.address === address);
  for (const { prompt, settings, tokens } of of("llama:base.gguf")) {
    expect(prompt).toMatchObject({ template: "one-shot" });
    expect(prompt.rendered).toBeUndefined();
    expect(settings.leastTokens).toBe(20);
    expect(tokens.generated).toBeGreaterThanOrEqual(20);
  }
  const instructed = of("llama:told.gguf");
  expect(instructed).toHaveLength(2);
  for (const { prompt, settings, text, title } of instructed) {
    expect(prompt.template).toBe("chat-small");
    expect(prompt.rendered).toBe(
      `<|im_start|>system\nYou write very short stories in plain words. You answer with the story alone: no title, no comment.<|im_end|>\n<|im_start|>user\nWrite a story of about 150 words. It is called "${title}". Tell it as something that happened to a person.<|im_end|>\n<|im_start|>assistant\n`,
    );
    // It may end: nothing forces it to continue.
    expect(settings.leastTokens).toBe(0);
    expect(text).toBe("She kept the key");
  }
});

test("the prompt uses the study's genre", async () => {
  const study = await studyWith({ models: [told] }, { genre: "fables about animals" });
  await runStage(generate, study, {}, quietEffects());
  for (const { prompt } of await readGenerations(study))
    expect(prompt.rendered).toContain("You write fables about animals in plain words.");
});

test("a model's own least number of tokens applies in a chat too", async () => {
  const study = await studyWith({ models: [{ ...told, tokens: { least: 8 } }] });
  await runStage(generate, study, {}, quietEffects());
  for (const { tokens } of await readGenerations(study)) expect(tokens.generated).toBeGreaterThanOrEqual(8);
});

test("a base model with a prompt for instructed ones is refused before anything is written", async () => {
  const study = await studyWith({ models: [base], prompts: ["chat"] });
  await expect(generate.preflight!(study, new Set())).rejects.toThrow(
    "the prompt chat is for instructed models, but llama:base.gguf is a base model (it has no chat template)",
  );
});

test("an instructed model with a prompt for base models works, with one line of warning", async () => {
  const study = await studyWith({ models: [told], prompts: ["one-shot"] });
  const effects = quietEffects();
  await runStage(generate, study, {}, effects);
  expect(effects.logged.filter((line) => line.startsWith("warning:"))).toEqual([
    "warning: told is an instructed model, but the prompt one-shot is for base models; better use `prompt: chat-small`",
  ]);
  expect((await readGenerations(study))[0]!.prompt.rendered).toBeUndefined();
});

test("try uses an instructed model's template, without any study", async () => {
  const study = await studyWith({ models: [told] });
  const effects = quietEffects();
  await tryOne.run(
    study.folder,
    { title: "The Key", model: `llama:${study.path("told.gguf")}`, seed: 1 },
    effects,
  );
  expect(effects.printed.join("")).toContain("She kept the key");
});
