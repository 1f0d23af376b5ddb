import { catalogueFile, catalogueModel } from "../llm/catalogue.ts";
import type { Sampling } from "../study/generation.ts";
import type { GenerateSettings } from "../study/settings/generate.ts";
import { isServed, type ModelSettings, targetOf } from "../study/settings/models.ts";
import type { Story } from "../study/story.ts";
import { foldedName } from "../text/file-name.ts";
import { readStories, storiesFile } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import { type Asked, type Control, controlsOf, headersOf, missingControls } from "./controls.ts";
import { choiceNamed, chooseExamples, trainingStories } from "./examples.ts";
import { type Form, nameOf } from "./model.ts";
import { notHere } from "./models/llama.ts";
import { providerOf } from "./models.ts";
import { samplingOf } from "./sampling.ts";
import { builtInTemplates, fill, type Prompt, readTemplate, type Template } from "./template.ts";

/** A model under a prompt. */
interface Pipeline {
  readonly model: ModelSettings;
  /** The model's short name. */
  readonly name: string;
  readonly sampling: Sampling;
  readonly template: Template;
  readonly form: Form | undefined;
}

/** A writer with what it is asked for: one file of generations. */
export interface Series extends Pipeline {
  /** The prompt's name, with what is asked for beyond the title: `one-shot+tone-melancholy`. */
  readonly condition: string;
  readonly control: Control;
  readonly titles: readonly Planned[];
}

/** A title with the prompt that asks for its story. */
export interface Planned {
  readonly story: Story;
  readonly examples: readonly Story[];
  readonly prompt: Prompt;
}

/**
 * Every model under every prompt, or under its own where it names one, once for every combination of what is
 * `asked` for beyond the title.
 */
export async function planOf(
  study: Study,
  stories: readonly Story[],
  asked: Asked = study.config.generate.control,
): Promise<Series[]> {
  const titles = titlesOf(study, stories);
  const writers = await writersOf(study);
  await assertControlsInPrompt(writers, controlsOf(asked), study);
  return writers.flatMap((writer) =>
    controlsOf(asked).map((control) => ({
      ...writer,
      condition: [writer.template.name, ...Object.entries(control).map(conditionName)].join("+"),
      control,
      titles: plannedTitles(study, writer.template, titles, stories, control),
    })),
  );
}

/** What `planOf` would refuse, as far as that can be told by now. */
export async function foreseePlan(study: Study, settled: ReadonlySet<string>): Promise<void> {
  const { generate } = study.config;
  for (const model of generate.models) await refuseAbsent(model);
  const writers = await writersOf(study);
  for (const { model } of writers) (await providerOf(model)).files(model, study);
  await assertControlsInPrompt(writers, controlsOf(generate.control), study);
  choiceNamed(generate.examples);
  if (settled.has(storiesFile)) await planOf(study, await readStories(study));
}

/**
 * Throws StudyError where something is asked for that a prompt does not tell its model: texts that were then chosen by
 * how near they come to it would look as if the model had followed.
 */
async function assertControlsInPrompt(
  writers: readonly Pipeline[],
  controls: readonly Control[],
  study: Study,
): Promise<void> {
  const { examples } = study.config.generate;
  for (const { template, form, name } of writers) {
    for (const control of controls) {
      const [first] = missingControls(control, template, examples);
      if (first === undefined) continue;
      const others = await builtInTemplates(study);
      const telling = others.filter(
        (other) =>
          (form?.takes ?? [other.api]).includes(other.api) &&
          missingControls(control, other, examples).length === 0,
      );
      const known = telling.map((other) => other.name).join(", ");
      throw new StudyError(
        `generate.control: the prompt ${template.name} of ${name} has no place for ${first}, so the model would never be told`,
        {
          hint: `${known ? `use ${known}, or ` : ""}put [[${first}]] or [[wishes]] into a prompt of your own`,
        },
      );
    }
  }
}

/** Throws StudyError for a model of the catalogue that is not here. */
async function refuseAbsent(model: ModelSettings): Promise<void> {
  const known = model.address.startsWith("llama:") ? catalogueModel(targetOf(model)) : undefined;
  if (known && !(await exists(catalogueFile(known)))) throw notHere(known);
}

async function writersOf(study: Study): Promise<Pipeline[]> {
  const settings = study.config.generate;
  refuseDrawsOfFirst(settings);
  const refuseModel = refuseTwice("generate.models", "give each its own `name:`");
  const writers: Pipeline[] = [];
  for (const model of settings.models) {
    const name = nameOf(model);
    refuseModel(name, model.address);
    const refusePrompt = refuseTwice("generate.prompts", "name each once, and give files names of their own");
    const form = await (await providerOf(model)).form(model, study);
    for (const prompt of promptsOf(model, settings, form)) {
      const template = await readTemplate(prompt, study);
      refusePrompt(template.name, prompt);
      refuseOtherForm(model, template, form);
      writers.push({ model, name, sampling: samplingOf(settings, model, template.api), template, form });
    }
  }
  return writers;
}

/** Throws StudyError where first attempts are to count and more are asked for. */
function refuseDrawsOfFirst({ keep, attempts, bestOf }: Study["config"]["generate"]): void {
  if (keep !== "first" || (attempts === 1 && bestOf === undefined)) return;
  const more = bestOf === undefined ? `attempts is ${attempts}` : `bestOf is ${bestOf}`;
  throw new StudyError(`generate.keep is first, but generate.${more}`, {
    hint: `leave ${bestOf === undefined ? "attempts" : "bestOf"} out, or set keep: best`,
  });
}

/** Throws StudyError where two would write to one file. */
function refuseTwice(where: string, hint: string): (name: string, of: string) => void {
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

/** The model's own prompt, else those of all models, else the one that fits it; none where that is not known yet. */
export const promptsOf = (
  model: ModelSettings,
  { prompts }: GenerateSettings,
  form: Form | undefined,
): readonly string[] =>
  model.prompt !== undefined ? [model.prompt] : (prompts ?? (form ? [form.prompt] : []));

function refuseOtherForm(model: ModelSettings, template: Template, form: Form | undefined): void {
  if (template.api !== "chat" || !form || form.takes.includes("chat")) return;
  const { address } = model;
  const served = isServed(model);
  throw new StudyError(
    served
      ? `the prompt ${template.name} is for chat, ${address} is asked for completions`
      : `the prompt ${template.name} is for instructed models, ${address} is a base model: it has no chat template`,
    {
      hint: served
        ? "give the model `api: chat`, or a prompt of its own: `prompt: one-shot`"
        : "give it a prompt of its own: `prompt: one-shot`",
    },
  );
}

/** The same title has the same examples under every model, so that models differ in nothing else. */
function plannedTitles(
  study: Study,
  template: Template,
  titles: readonly Story[],
  stories: readonly Story[],
  control: Control,
): Planned[] {
  const wanted = { count: template.examples, control };
  const examples = chooseExamples(study.config.generate, titles, stories, wanted, study.random("examples"));
  const headers = headersOf(control, trainingStories(stories));
  return titles.map((story, at) => ({
    story,
    examples: examples[at]!,
    prompt: fill(template, story.title, examples[at]!, control, { headers, genre: study.config.genre }),
  }));
}

/** The test stories in seeded order: all of them, or the first so many. */
export function titlesOf(
  study: Study,
  stories: readonly Story[],
  wanted: number | "all" = study.config.generate.titles,
): Story[] {
  const test = stories.filter(({ split, origin }) => split === "test" && origin.by === "human");
  if (test.length === 0) {
    throw new StudyError("the corpus has no test stories to take titles from", {
      hint: "give corpus.split a share for test and run `tinylove collect`",
    });
  }
  const ordered = study.random("titles").shuffle(test);
  return wanted === "all" ? ordered : ordered.slice(0, wanted);
}
