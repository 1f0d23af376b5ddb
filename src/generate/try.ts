import { join } from "node:path";
import { z } from "zod";
import { StudyConfig } from "../study/config.ts";
import type { ModelSettings } from "../study/settings/generate.ts";
import type { Story } from "../study/story.ts";
import { untilNextTitle } from "../text/stop.ts";
import { countWords, isWord, wordsOf } from "../text/words.ts";
import { readStories, storiesFile } from "../workbench/artefacts.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists } from "../workbench/files.ts";
import { wholeNumber } from "../workbench/options.ts";
import { command } from "../workbench/stage.ts";
import { openStudy, type Study, studyOf } from "../workbench/study.ts";
import { controlsOf, headersOf } from "./controls.ts";
import { chooseExamples, trainingStories } from "./examples.ts";
import { providerOf } from "./models.ts";
import { samplingOf } from "./plan.ts";
import { fill, readTemplate } from "./template.ts";

/** `tinylove try "A Title"`: one story, as it is written, with the place where a study would clip it. */
export const tryOne = command({
  name: "try",
  summary: "Write one story to a title, and show where it would be clipped",
  examples: [
    'tinylove try "The Last Ferry"',
    'tinylove try "The Last Ferry" --model llama:model.gguf --seed 7',
  ],
  parameters: [["<title>", "the story's title"]],
  flags: [
    [
      "--model <address>",
      "llama:FILE.gguf, hf:OWNER/REPO/FILE.gguf, openai:MODEL; default: the study's first",
    ],
    ["--prompt <name>", "a prompt file; default: the study's first, or title-only without a corpus"],
    ["--seed <number>", "another number, another story"],
  ],
  options: z.object({
    title: z.string().trim().min(1, "empty"),
    model: z.string().optional(),
    prompt: z.string().optional(),
    seed: wholeNumber(0, 2 ** 31 - 1).optional(),
  }),
  async run(folder, { title, model: address, prompt: name, seed }, effects) {
    const study = await studyAt(folder);
    const settings = modelOf(study, address);
    const stories = (await exists(study.path(storiesFile))) ? await readStories(study) : [];
    const template = await readTemplate(
      name ?? (stories.length > 0 ? (settings.prompt ?? study.config.generate.prompts[0]!) : "title-only"),
      study,
    );
    const control = controlsOf(study.config.generate.control)[0]!;
    const number = seed ?? Math.floor(effects.now() % 2 ** 31);
    const [examples] = chooseExamples(
      study.config.generate,
      [untold(title)],
      stories,
      { count: template.examples, control },
      study.random("try", number),
    );
    const request = {
      prompt: fill(template, title, examples!, control, headersOf(control, trainingStories(stories))),
      stop: template.stop,
      seed: number,
      sampling: samplingOf(study.config.generate),
    };

    const model = await (await providerOf(settings)).open({ ...settings, parallel: 1 }, study, effects);
    try {
      const { least, most } = study.config.compose.words;
      const clip = study.random("clip", number).integer(least, Math.max(least, most));
      const page = pageOf(clip, template.stop, effects);
      effects.print(`${title}\n`);
      await model.prepare?.([request]);
      const [reply] = await model.write([request], { onText: (_, added) => page.add(added) });
      if (!reply || "failed" in reply) throw new StudyError(`${settings.address}: ${reply?.failed}`);
      page.end(untilNextTitle(reply.raw, template.stop));
      effects.log(
        `\n${settings.address}, seed ${number}, ${rate(reply.tokens.generated, reply.ms)}${examples?.[0] ? `, example "${examples[0].title}"` : ""}`,
      );
    } finally {
      await model.close();
    }
  },
});

/** The study here, or none at all: then the embedded model writes by the usual settings. */
const studyAt = async (folder: string): Promise<Study> =>
  (await exists(join(folder, "study.yaml")))
    ? openStudy(folder)
    : studyOf(folder, StudyConfig.parse({ name: "try" }));

function modelOf(study: Study, address: string | undefined): ModelSettings {
  const { models } = study.config.generate;
  if (!address) return models[0]!;
  const named = models.find((model) => model.address === address || model.name === address);
  return named ?? { ...StudyConfig.parse({ name: "try" }).generate.models[0]!, address };
}

/** A title that no story of the corpus has. */
const untold = (title: string): Story => ({
  id: `try ${title}`,
  title,
  text: title,
  words: countWords(title),
  origin: { by: "human", source: "", author: "", licence: "" },
  group: "",
  split: "test",
});

const rate = (tokens: number, ms: number): string =>
  `${tokens} tokens, ${((1000 * tokens) / Math.max(1, ms)).toFixed(0)} a second`;

const width = 78;

/** Prints a text as it grows, line by line, with a mark at the place where it would be clipped. */
function pageOf(clip: number, stop: string, effects: Effects) {
  let raw = "";
  let shown = 0;
  let counted = 0;
  let line = "";
  const put = (word: string) => {
    if (line.length + word.length + 1 > width) {
      effects.print(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  };
  const show = (words: readonly string[]) => {
    for (const word of words.slice(shown)) {
      put(word);
      if (isWord(word) && ++counted === clip) put("|");
    }
    shown = Math.max(shown, words.length);
  };
  return {
    /** The last word may still grow, so it waits. */
    add(text: string) {
      raw += text;
      show(wordsOf(untilNextTitle(raw, stop)).slice(0, -1));
    },
    end(text: string) {
      show(wordsOf(text));
      if (line !== "") effects.print(line);
      const total = countWords(text);
      effects.print(
        total > clip
          ? `\nclipped at ${clip} of ${total} words`
          : `\n${total} words: too short to be clipped at ${clip}`,
      );
    },
  };
}
