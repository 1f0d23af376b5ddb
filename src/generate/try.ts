import { join } from "node:path";
import { z } from "zod";
import { StudyConfig } from "../study/config.ts";
import { ModelSettings } from "../study/settings/models.ts";
import type { Story } from "../study/story.ts";
import { countWords } from "../text/words.ts";
import { readStories, storiesFile } from "../workbench/artefacts.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists } from "../workbench/files.ts";
import { unknownAddress } from "../workbench/model-address.ts";
import { wholeNumber } from "../workbench/options.ts";
import { command } from "../workbench/stage.ts";
import { openStudy, type Study, studyOf } from "../workbench/study.ts";
import { controlsOf, headersOf } from "./controls.ts";
import { chooseExamples, trainingStories } from "./examples.ts";
import { livePage } from "./live-page.ts";
import type { Request } from "./model.ts";
import { promptFormatOf, providerOf } from "./models.ts";
import { storyIn } from "./record.ts";
import { samplingOf } from "./sampling.ts";
import { fill, readTemplate } from "./template.ts";

const Options = z.object({
  title: z.string().trim().min(1, "empty"),
  model: z.string().optional(),
  prompt: z.string().optional(),
  seed: wholeNumber(0, 2 ** 31 - 1).optional(),
});
type Options = z.infer<typeof Options>;

/** `tinylove try "A Title"`: shows one story while it is written, and where a study would clip it. */
export const tryOne = command({
  name: "try",
  examples: [
    'tinylove try "The Last Ferry"',
    'tinylove try "The Last Ferry" --model llama:model.gguf --seed 7',
  ],
  parameters: [["<title>", "the story's title"]],
  flags: [
    [
      "--model <model>",
      "a model's name in the study, or an address: llama:FILE.gguf, hf:OWNER/REPO/FILE.gguf, openai:MODEL, anthropic:MODEL, ollama:MODEL …(default: the study's first)",
    ],
    ["--prompt <name>", "a prompt file (default: the study's first, or title-only without a corpus)"],
    ["--seed <number>", "the seed: another number gives another story"],
  ],
  options: Options,
  async run(folder, options, effects) {
    const study = await studyAt(folder);
    const settings = modelOf(study, options.model);
    const seed = options.seed ?? Math.floor(effects.now() % 2 ** 31);
    const { request, example } = await requestFor(study, settings, { ...options, seed }, effects);
    const { words, clip: cut } = study.config.compose;
    const clip =
      cut === "none"
        ? Number.POSITIVE_INFINITY
        : study.random("clip", seed).integer(words.least, Math.max(words.least, words.most));
    const model = await (await providerOf(settings)).open({ ...settings, parallel: 1 }, study, effects);
    const chat = request.prompt.messages !== undefined;
    const page = livePage(
      clip,
      (raw) => {
        const { text } = storyIn({ raw, end: "stop" }, request, options.title, { growing: true });
        // The first line of a chat may still turn out to be a heading, which is removed.
        return chat && text.length < longHeading && !text.includes("\n") ? "" : text;
      },
      effects,
    );
    try {
      effects.print(`${options.title}\n`);
      await model.prepare?.([request]);
      const [reply] = await model.write([request], { onText: (_, added) => page.add(added) });
      if (!reply || "failed" in reply) throw new StudyError(`${settings.address}: ${reply?.failed}`);
      const { text, thinking, removed } = storyIn(reply, request, options.title);
      page.end(text);
      const around = [...(thinking === "" ? [] : ["thinking"]), ...removed.map(({ what }) => what)];
      if (around.length > 0) effects.log(`\nleft out: ${[...new Set(around)].join(", ")}`);
      const called = settings.name ? `${settings.name} (${settings.address})` : settings.address;
      const shown = example ? `, example "${example.title}"` : "";
      effects.log(`\n${called}, seed ${seed}, ${rate(reply.tokens.generated, reply.ms)}${shown}`);
    } finally {
      page.restore();
      await model.close();
    }
  },
});

/** The most letters of a heading. */
const longHeading = 60;

/** The request, as a study would make it, and its first example. */
async function requestFor(
  study: Study,
  model: ModelSettings,
  { title, prompt, seed }: Options & { readonly seed: number },
  effects: Effects,
): Promise<{ request: Request; example: Story | undefined }> {
  const { generate } = study.config;
  const stories = (await exists(study.path(storiesFile))) ? await readStories(study) : [];
  const format = await promptFormatOf(model, study, effects);
  const fitting = format?.apis.includes("chat") ? "chat-small" : "title-only";
  const defaultPrompt =
    stories.length > 0
      ? (model.prompt ?? generate.prompts?.[0] ?? format?.defaultPrompt ?? "one-shot")
      : fitting;
  const template = await readTemplate(prompt ?? defaultPrompt, study);
  const control = controlsOf(generate.control)[0]!;
  const choice = { count: template.examples, control };
  const [examples] = chooseExamples(generate, [storyOf(title)], stories, choice, study.random("try", seed));
  const request = {
    prompt: fill(template, title, examples!, control, {
      headers: headersOf(control, trainingStories(stories)),
      genre: study.config.genre,
    }),
    stop: template.stop,
    seed,
    sampling: samplingOf(generate, model, template.api),
  };
  return { request, example: examples?.[0] };
}

/**
 * The study in a folder, or default settings with the embedded model if the folder has no study. A missing folder is
 * an error.
 */
const studyAt = async (folder: string): Promise<Study> =>
  (await exists(join(folder, "study.yaml"))) || !(await exists(folder))
    ? openStudy(folder)
    : studyOf(folder, StudyConfig.parse({ name: "try" }));

function modelOf(study: Study, address: string | undefined): ModelSettings {
  const { models } = study.config.generate;
  if (!address) return models[0]!;
  const named =
    models.find((model) => (model.name ?? model.address) === address) ??
    models.find((model) => model.address === address);
  if (!named && !address.includes(":")) {
    throw new StudyError(`--model ${address}: the study has no model of that name`, {
      hint: `try ${models.map((model) => model.name ?? model.address).join(", ")}, or an address such as llama:FILE.gguf`,
    });
  }
  return named ?? parseModel(address);
}

/** A model with default settings; throws StudyError for an invalid address. */
function parseModel(address: string): ModelSettings {
  const parsed = ModelSettings.safeParse({ address });
  if (parsed.success) return parsed.data;
  throw unknownAddress("--model", address);
}

/** A title as a story that is not in the corpus. */
const storyOf = (title: string): Story => ({
  id: `try ${title}`,
  title,
  text: title,
  words: countWords(title),
  origin: { by: "human", source: "", author: "", licence: "" },
  group: "",
  split: "test",
});

const rate = (tokens: number, ms: number): string =>
  `${tokens} tokens, ${((1000 * tokens) / Math.max(1, ms)).toFixed(0)} per second`;
