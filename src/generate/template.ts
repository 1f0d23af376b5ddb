import { readdir } from "node:fs/promises";
import { basename } from "node:path";
import {
  chosenParts,
  examplePlaceholder,
  type Message,
  messagesIn,
  parseTemplate,
  type Template,
  templateFile,
} from "../llm/prompt-file.ts";
import { defaultGenre } from "../study/config.ts";
import type { Story } from "../study/story.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, readText } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import { packageFolder } from "../workbench/version.ts";
import { type Control, controlSentences, sadnessOf } from "./controls.ts";

export { type Message, parseTemplate, type Template, templateFile } from "../llm/prompt-file.ts";

/** A filled prompt, ready to be sent. */
export interface Prompt {
  /** The whole prompt as it is recorded; for chat, the messages with their roles. */
  readonly text: string;
  /** Only for chat models. */
  readonly messages?: readonly Message[];
  /**
   * The number of characters at the start that do not depend on the title: prompts with the same examples share them.
   * For messages, counted over their contents.
   */
  readonly shared: number;
}

/** The built-in prompts, in order of their names. */
export async function builtInTemplates(study: Study): Promise<Template[]> {
  const files = await readdir(new URL("prompts/", packageFolder));
  const names = files.filter((file) => file.endsWith(".md") && file !== "README.md").sort();
  return Promise.all(names.map((file) => readTemplate(file.slice(0, -3), study)));
}

export async function readTemplate(name: string, study: Study): Promise<Template> {
  const file = await templateFile(name, study);
  if (!(await exists(file))) {
    throw new StudyError(`generate.prompts: no prompt file ${name}`, {
      hint: "give a path inside the study, or `one-shot`, the template of the 2022 study",
    });
  }
  return parseTemplate(await readText(file), basename(file).replace(/\.[^.]*$/, ""), name);
}

interface Filling {
  /** The controls of an example, measured in its text. */
  readonly headers?: (story: Story) => Control;
  /** What the corpus consists of, in the plural. */
  readonly genre?: string;
}

/** Fills a template for a title; brackets inside examples and titles are left as they are. */
export function fill(
  template: Template,
  title: string,
  examples: readonly Story[],
  control: Control = {},
  { headers = () => ({}), genre = defaultGenre }: Filling = {},
): Prompt {
  const chosen = chosenParts(template.body, control);
  const values: Control = {
    title,
    genre,
    controls: controlSentences(control),
    // The former name of this placeholder (before 0.2).
    wishes: controlSentences(control),
    sadness: sadnessOf(control),
    ...control,
  };
  const value = (placeholder: string): string => {
    const example = examplePlaceholder.exec(placeholder);
    const story = example && examples[Number(example[1] ?? 1) - 1];
    const known: Control = story ? { title: story.title, story: story.text, ...headers(story) } : values;
    const name = story ? example[2]! : placeholder;
    if (Object.hasOwn(known, name)) return String(known[name]);
    throw new StudyError(`${template.name}: no value for [[${placeholder}]]`, {
      hint: "try [[title]], [[example title]], [[example story]], [[controls]] or the name of a control that is set",
    });
  };
  const filled = (text: string) =>
    text.replace(/\[\[([^\]]+)\]\]/g, (_, placeholder: string) => value(placeholder));
  if (template.api === "completions") {
    return { text: filled(chosen), shared: filled(chosen.slice(0, chosen.indexOf("[[title]]"))).length };
  }
  const parts = messagesIn(chosen, template.name);
  const put = (content: string) => filled(content).replace(/[ \t]+$/gm, "");
  const messages = parts.map(({ role, content }) => ({ role, content: put(content) }));
  const titled = parts.findIndex(({ content }) => content.includes("[[title]]"));
  const { content } = parts[titled]!;
  const shared = [
    ...parts.slice(0, titled).map((part) => put(part.content)),
    put(content.slice(0, content.indexOf("[[title]]"))),
  ];
  return {
    text: messages.map((message) => `[[${message.role}]]\n${message.content}`).join("\n"),
    messages,
    shared: shared.join("").length,
  };
}
