import type { Sampling } from "../study/generation.ts";
import type { GenerateSettings, ModelSettings } from "../study/settings/generate.ts";
import type { Story } from "../study/story.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";
import { chooseExamples } from "./examples.ts";
import { nameOf } from "./model.ts";
import { type Control, fill, type Prompt, readTemplate, type Template } from "./template.ts";

/** A model under a prompt: one file of generations. */
export interface Series {
  readonly model: ModelSettings;
  /** The model's short name. */
  readonly name: string;
  readonly template: Template;
  readonly control: Control;
  readonly titles: readonly Planned[];
}

/** A title with the prompt that asks for its story. */
export interface Planned {
  readonly story: Story;
  readonly examples: readonly Story[];
  readonly prompt: Prompt;
}

/** Every model under every prompt, or under its own where it names one. */
export async function planOf(study: Study, stories: readonly Story[]): Promise<Series[]> {
  const settings = study.config.generate;
  const titles = titlesOf(study, stories);
  const names = new Map<string, string>();
  const series: Series[] = [];
  for (const model of settings.models) {
    const name = nameOf(model);
    if (names.has(name)) {
      throw new StudyError(
        `generate.models: ${names.get(name)} and ${model.address} are both called ${name}`,
        {
          hint: "give each its own `name:`",
        },
      );
    }
    names.set(name, model.address);
    for (const prompt of model.prompt ? [model.prompt] : settings.prompts) {
      const template = await readTemplate(prompt, study);
      series.push({
        model,
        name,
        template,
        control: settings.control,
        titles: plannedTitles(study, template, titles, stories, settings.control),
      });
    }
  }
  return series;
}

/** The same title has the same examples under every model, so that models differ in nothing else. */
function plannedTitles(
  study: Study,
  template: Template,
  titles: readonly Story[],
  stories: readonly Story[],
  control: Control,
): Planned[] {
  const how = study.config.generate.examples;
  const examples = chooseExamples(how, titles, stories, template.examples, study.random("examples"));
  return titles.map((story, at) => ({
    story,
    examples: examples[at]!,
    prompt: fill(template, story.title, examples[at]!, control),
  }));
}

/** The test stories in seeded order: all of them, or the first so many. */
function titlesOf(study: Study, stories: readonly Story[]): Story[] {
  const test = stories.filter(({ split, origin }) => split === "test" && origin.by === "human");
  if (test.length === 0) {
    throw new StudyError("the corpus has no test stories to take titles from", {
      hint: "give corpus.split a share for test and run `tinylove collect`",
    });
  }
  const wanted = study.config.generate.titles;
  const ordered = study.random("titles").shuffle(test);
  return wanted === "all" ? ordered : ordered.slice(0, wanted);
}

export const samplingOf = (settings: GenerateSettings): Sampling => {
  const { tokens, temperature, topP, topK, minP, repeatPenalty } = settings;
  if (tokens.least > tokens.most) {
    throw new StudyError(`generate.tokens: least ${tokens.least} is above most ${tokens.most}`, {
      hint: "swap them",
    });
  }
  return {
    temperature,
    topP,
    topK,
    minP,
    repeatPenalty,
    leastTokens: tokens.least,
    mostTokens: tokens.most,
  };
};
