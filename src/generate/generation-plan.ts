import { join } from "node:path";
import { catalogueFile, catalogueModel } from "../llm/catalogue.ts";
import type { Sampling } from "../study/generation.ts";
import type { GenerateSettings } from "../study/settings/generate.ts";
import { isServed, type ModelSettings, targetOf } from "../study/settings/models.ts";
import type { Story } from "../study/story.ts";
import { foldedName } from "../text/file-name.ts";
import { readStories, storiesFile, titlesLearntFrom } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import { type Control, type ControlSettings, controlsOf, headersOf, missingControls } from "./controls.ts";
import { choiceNamed, chooseExamples, trainingStories } from "./examples.ts";
import { nameOf, type PromptFormat } from "./model.ts";
import { notDownloaded } from "./models/llama.ts";
import { providerOf } from "./models.ts";
import { samplingOf } from "./sampling.ts";
import { builtInTemplates, fill, type Prompt, readTemplate, type Template } from "./template.ts";

/** A model with a prompt. */
interface Pipeline {
  readonly model: ModelSettings;
  /** The model's short name. */
  readonly name: string;
  readonly sampling: Sampling;
  readonly template: Template;
  readonly format: PromptFormat | undefined;
}

/** A model with a prompt and controls: one file of generations. */
export interface Series extends Pipeline {
  /** The prompt's name with the controls: `one-shot+tone-melancholy`. */
  readonly condition: string;
  readonly control: Control;
  readonly titles: readonly Planned[];
}

/** A title with the filled prompt for its story. */
export interface Planned {
  readonly story: Story;
  readonly examples: readonly Story[];
  readonly prompt: Prompt;
}

/** Every model with every prompt (or with its own, if it has one), once for every combination of controls. */
export async function planOf(
  study: Study,
  stories: readonly Story[],
  controls: ControlSettings = study.config.generate.control,
): Promise<Series[]> {
  const titles = titlesOf(study, await withoutLearntTitles(study, stories));
  const pipelines = await pipelinesOf(study);
  await assertControlsInPrompt(pipelines, controlsOf(controls), study);
  return pipelines.flatMap((pipeline) =>
    controlsOf(controls).map((control) => ({
      ...pipeline,
      condition: [pipeline.template.name, ...Object.entries(control).map(conditionName)].join("+"),
      control,
      titles: plannedTitles(study, pipeline.template, titles, stories, control),
    })),
  );
}

/**
 * The stories without those of whose titles a model of the study has learnt what readers preferred (`tune prefer`): what
 * it writes for these is no test of it. They are left out for all models, so that all have the same titles.
 */
async function withoutLearntTitles(study: Study, stories: readonly Story[]): Promise<readonly Story[]> {
  const learnt = new Set<string>();
  for (const model of study.config.generate.models) {
    if (isServed(model)) continue;
    // The run's folder contains the model's: `tuned/NAME/model`, `tuned/NAME/export/NAME.gguf`.
    const target = study.path(targetOf(model));
    for (const folder of [target, join(target, ".."), join(target, "..", "..")])
      for (const title of await titlesLearntFrom(folder)) learnt.add(title);
  }
  return learnt.size === 0 ? stories : stories.filter(({ title }) => !learnt.has(title));
}

/** Checks what `planOf` would refuse, as far as it is known now. */
export async function preflightPlan(study: Study, settled: ReadonlySet<string>): Promise<void> {
  const { generate } = study.config;
  for (const model of generate.models) await assertDownloaded(model);
  const pipelines = await pipelinesOf(study);
  for (const { model } of pipelines) (await providerOf(model)).files(model, study);
  await assertControlsInPrompt(pipelines, controlsOf(generate.control), study);
  choiceNamed(generate.examples);
  if (settled.has(storiesFile)) await planOf(study, await readStories(study));
}

/**
 * Throws StudyError if a prompt does not pass a control to its model: with `bestOf`, the chosen texts would look as
 * if the model had followed it.
 */
async function assertControlsInPrompt(
  pipelines: readonly Pipeline[],
  controls: readonly Control[],
  study: Study,
): Promise<void> {
  const { examples } = study.config.generate;
  for (const { template, format, name } of pipelines) {
    for (const control of controls) {
      const [first] = missingControls(control, template, examples);
      if (first === undefined) continue;
      const others = await builtInTemplates(study);
      const suitable = others.filter(
        (other) =>
          (format?.apis ?? [other.api]).includes(other.api) &&
          missingControls(control, other, examples).length === 0,
      );
      const known = suitable.map((other) => other.name).join(", ");
      throw new StudyError(
        `generate.control: the prompt ${template.name} of ${name} has no placeholder for ${first}, so the model would never get it`,
        {
          hint: `${known ? `use ${known}, or ` : ""}add [[${first}]] or [[controls]] to your own prompt`,
        },
      );
    }
  }
}

/** Throws StudyError for a model of the catalogue that is not downloaded. */
async function assertDownloaded(model: ModelSettings): Promise<void> {
  const known = model.address.startsWith("llama:") ? catalogueModel(targetOf(model)) : undefined;
  if (known && !(await exists(catalogueFile(known)))) throw notDownloaded(known);
}

async function pipelinesOf(study: Study): Promise<Pipeline[]> {
  const settings = study.config.generate;
  assertOneAttempt(settings);
  const refuseModel = assertUnique("generate.models", "give each its own `name:`");
  const pipelines: Pipeline[] = [];
  for (const model of settings.models) {
    const name = nameOf(model);
    refuseModel(name, model.address);
    const refusePrompt = assertUnique("generate.prompts", "list each once, and give files different names");
    const format = await (await providerOf(model)).promptFormat(model, study);
    for (const prompt of promptsOf(model, settings, format)) {
      const template = await readTemplate(prompt, study);
      refusePrompt(template.name, prompt);
      assertPromptFits(model, template, format);
      pipelines.push({ model, name, sampling: samplingOf(settings, model, template.api), template, format });
    }
  }
  return pipelines;
}

/** Throws StudyError if first attempts count but more attempts are requested. */
function assertOneAttempt({ keep, attempts, bestOf }: Study["config"]["generate"]): void {
  if (keep !== "first" || (attempts === 1 && bestOf === undefined)) return;
  const more = bestOf === undefined ? `attempts is ${attempts}` : `bestOf is ${bestOf}`;
  throw new StudyError(`generate.keep is first, but generate.${more}`, {
    hint: `remove ${bestOf === undefined ? "attempts" : "bestOf"}, or set keep: best`,
  });
}

/** Throws StudyError if two would write to the same file. */
function assertUnique(where: string, hint: string): (name: string, of: string) => void {
  const known = new Map<string, string>();
  return (name, of) => {
    const other = known.get(foldedName(name));
    if (other !== undefined)
      throw new StudyError(`${where}: ${other} and ${of} are both called ${name}`, { hint });
    known.set(foldedName(name), of);
  };
}

const conditionName = ([name, value]: readonly [string, string | number]): string =>
  `${name}-${value}`.replace(/[^\p{L}\p{N}.-]+/gu, "-");

/** The model's own prompt, else `generate.prompts`, else the default that fits it; empty if that is not known yet. */
export const promptsOf = (
  model: ModelSettings,
  { prompts }: GenerateSettings,
  format: PromptFormat | undefined,
): readonly string[] =>
  model.prompt !== undefined ? [model.prompt] : (prompts ?? (format ? [format.defaultPrompt] : []));

function assertPromptFits(model: ModelSettings, template: Template, format: PromptFormat | undefined): void {
  if (template.api !== "chat" || !format || format.apis.includes("chat")) return;
  const { address } = model;
  const served = isServed(model);
  throw new StudyError(
    served
      ? `the prompt ${template.name} is for chat, but ${address} uses the completions API`
      : `the prompt ${template.name} is for instructed models, but ${address} is a base model (it has no chat template)`,
    {
      hint: served
        ? "give the model `api: chat`, or another prompt: `prompt: one-shot`"
        : "give it another prompt: `prompt: one-shot`",
    },
  );
}

/** A title has the same examples for every model, so that only the models differ. */
function plannedTitles(
  study: Study,
  template: Template,
  titles: readonly Story[],
  stories: readonly Story[],
  control: Control,
): Planned[] {
  const choice = { count: template.examples, control };
  const examples = chooseExamples(study.config.generate, titles, stories, choice, study.random("examples"));
  const headers = headersOf(control, trainingStories(stories));
  return titles.map((story, at) => ({
    story,
    examples: examples[at]!,
    prompt: fill(template, story.title, examples[at]!, control, { headers, genre: study.config.genre }),
  }));
}

/** The test stories in seeded order: all, or the first `count`. */
export function titlesOf(
  study: Study,
  stories: readonly Story[],
  count: number | "all" = study.config.generate.titles,
): Story[] {
  const test = stories.filter(({ split, origin }) => split === "test" && origin.by === "human");
  if (test.length === 0) {
    throw new StudyError("the corpus has no test stories to take titles from", {
      hint: "give corpus.split a share for test and run `tinylove collect`",
    });
  }
  const ordered = study.random("titles").shuffle(test);
  return count === "all" ? ordered : ordered.slice(0, count);
}
