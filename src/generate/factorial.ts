import type { Generation } from "../study/generation.ts";
import type { Story } from "../study/story.ts";
import { factorialFile, readStories, storiesFile } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { jsonLines, writeWhole } from "../workbench/files.ts";
import { stage } from "../workbench/stage.ts";
import type { Study } from "../workbench/study.ts";
import { chooseExamples, sameStories, trainingStories } from "./examples.ts";
import { omitTransportSettings } from "./generate.ts";
import { journalFile, openJournal } from "./generation-journal.ts";
import { type Planned, titlesOf } from "./generation-plan.ts";
import { nameOf } from "./model.ts";
import { promptFormatOf, providerOf } from "./models.ts";
import { type Attempt, closesUnopenedThinking, generationOf } from "./record.ts";
import { repliesTo } from "./replies.ts";
import { samplingOf } from "./sampling.ts";
import { fill, readTemplate, type Template, templateFile } from "./template.ts";

/**
 * Generates texts for every combination of title and example, several times each: the data from which `tinylove
 * influence` estimates what the example leaks into a text. It runs only if study.yaml has `generate: { factorial: {}
 * }`.
 */
export const factorial = stage({
  name: "factorial",
  examples: ["tinylove factorial --study my-study"],
  reads: [storiesFile],
  writes: [factorialFile],
  applies: async ({ config }) => config.generate.factorial !== undefined,
  settings: (study) => {
    const { factorial, tokens, temperature, topP, topK, minP, repeatPenalty } = study.config.generate;
    const sampling = { tokens, temperature, topP, topK, minP, repeatPenalty };
    return { factorial, sampling, model: factorial && omitTransportSettings(modelOf(study)) };
  },
  async inputs(study) {
    if (!study.config.generate.factorial) return [];
    const model = modelOf(study);
    return [
      ...(await providerOf(model)).files(model, study),
      await templateFile(await promptOf(study), study),
      ...study.plugins.filesOf("model"),
    ];
  },
  preflight(study) {
    if (study.config.generate.factorial) modelOf(study);
  },
  async run(study, _, effects) {
    const settings = modelOf(study);
    await promptFormatOf(settings, study, effects);
    const template = await readTemplate(await promptOf(study), study);
    const sampling = samplingOf(study.config.generate, settings, template.api);
    const series = {
      model: settings,
      name: nameOf(settings),
      sampling,
      template,
      condition: `${template.name}+factorial`,
      control: {},
    };
    const { draws } = sizeOf(study);
    const attempts = plannedCells(study, await readStories(study), template).flatMap((planned) =>
      Array.from({ length: draws }, (_, at): Attempt => {
        const labels = ["factorial", series.name, planned.story.id, planned.examples[0]!.id, at + 1];
        const seed = study.random(...labels).integer(0, 2 ** 31 - 1);
        return {
          planned,
          number: at + 1,
          request: { prompt: planned.prompt, stop: template.stop, seed, sampling },
        };
      }),
    );
    const journal = await openJournal(study.path(journalFile));
    const model = await (await providerOf(settings)).open(settings, study, effects);
    try {
      const requests = attempts.map(({ request }) => request);
      const replies = await repliesTo(requests, model, journal, `${series.name}, factorial`, effects);
      const thinksUnopened = closesUnopenedThinking(replies);
      const generations = attempts.map((attempt, at): Generation => {
        const generation = generationOf(attempt, replies[at]!, series, model, thinksUnopened);
        const [example] = generation.examples;
        return {
          ...generation,
          id: [series.name, series.condition, generation.story, example, generation.attempt].join("/"),
        };
      });
      await writeWhole(study.path(factorialFile), jsonLines(generations));
      effects.log(`  ${generations.length} texts by ${series.name} for the analysis of influence`);
    } finally {
      await model.close();
      await journal.close();
    }
  },
});

function sizeOf(study: Study) {
  const { factorial } = study.config.generate;
  if (factorial) return factorial;
  throw new StudyError("study.yaml has no generate.factorial", {
    hint: "add `factorial: {}` under `generate:`",
  });
}

function modelOf(study: Study) {
  const { models } = study.config.generate;
  const requested = sizeOf(study).model;
  const found =
    requested === undefined
      ? models[0]
      : models.find((each) => each.address === requested || nameOf(each) === requested);
  if (found) return found;
  throw new StudyError(`generate.factorial.model: no model ${requested}`, {
    hint: `try one of ${models.map(nameOf).join(", ")}`,
  });
}

/** The prompt; by default one with one example. */
async function promptOf(study: Study): Promise<string> {
  const model = modelOf(study);
  const given = model.prompt ?? study.config.generate.prompts?.[0];
  if (given !== undefined) return given;
  const format = await (await providerOf(model)).promptFormat(model, study);
  return format?.apis.includes("chat") ? "chat" : "one-shot";
}

/**
 * All combinations of titles and examples. The examples are the same for all titles, and none is a title's own story.
 */
function plannedCells(study: Study, stories: readonly Story[], template: Template): Planned[] {
  const { titles: titleCount, examples: exampleCount } = sizeOf(study);
  if (template.examples !== 1) {
    throw new StudyError(
      `generate.factorial: the prompt ${template.name} shows ${template.examples} examples`,
      {
        hint: "use a prompt with exactly one example, such as one-shot",
      },
    );
  }
  const titles = titlesOf(study, stories, titleCount);
  if (titles.length < 2) {
    throw new StudyError(`the factorial needs at least two test stories, but there are ${titles.length}`, {
      hint: "give corpus.split a larger share for test",
    });
  }
  const same = sameStories(stories);
  const ofTitles = new Set(titles.flatMap((title) => [...same(title)]));
  const others = stories.filter((story) => !ofTitles.has(story));
  const available = trainingStories(others).length;
  if (available < exampleCount) {
    throw new StudyError(
      `generate.factorial.examples is ${exampleCount}, but there are ${available} training stories`,
      {
        hint: "lower it, or give corpus.split a larger share for train",
      },
    );
  }
  const [first] = chooseExamples(
    { examples: "random", exampleStories: [] },
    titles.slice(0, 1),
    others,
    { count: exampleCount, control: {} },
    study.random("factorial"),
  );
  return titles.flatMap((story) =>
    first!.map((example) => ({
      story,
      examples: [example],
      prompt: fill(template, story.title, [example], {}, { genre: study.config.genre }),
    })),
  );
}
