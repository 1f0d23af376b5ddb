import { readdir } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { parseDocument } from "yaml";
import { z } from "zod";
import { defaultGenre } from "../study/config.ts";
import type { Story } from "../study/story.ts";
import { sha256 } from "../text/hash.ts";
import { StudyError } from "../workbench/errors.ts";
import { checked, exists, readText } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import { packageFolder } from "../workbench/version.ts";
import { type Control, controlSentences, sadnessOf } from "./controls.ts";

/**
 * A prompt file: YAML between two lines of `---`, then the template. Placeholders in double brackets are filled in:
 * `[[title]]`, `[[example title]]` and `[[example story]]` (`[[example 2 title]]` and so on for several examples),
 * `[[genre]]` for what the corpus consists of, and controls: `[[tone]]` for the tone, `[[example tone]]` for the tone
 * of an example, `[[controls]]` for all controls as sentences. `[[if tone]] ... [[end]]` is kept only if a tone is set.
 * A line `[[system]]`, `[[user]]` or `[[assistant]]` starts a message for a chat model.
 */
export interface Template {
  readonly name: string;
  /** SHA-256 of the file's text. */
  readonly hash: string;
  readonly api: "completions" | "chat";
  /** The text ends where the model writes this, the start of the next title; empty for none, as in a chat. */
  readonly stop: string;
  /** The number of example stories. */
  readonly examples: number;
  readonly body: string;
}

export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

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

const FrontMatter = z.strictObject({
  about: z.string().default(""),
  api: z.enum(["completions", "chat"]).default("completions"),
  stop: z.string().optional(),
});

/** The path of a prompt file: inside the study, or the built-in one of that name. */
export async function templateFile(name: string, study: Study): Promise<string> {
  const inStudy = study.path(name);
  if (!/^[a-z0-9-]+$/.test(name) || (await exists(inStudy))) return inStudy;
  return fileURLToPath(new URL(`prompts/${name}.md`, packageFolder));
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

/** Parses a prompt file; throws StudyError with the file and the problem. */
export function parseTemplate(text: string, name: string, where = name): Template {
  const parts = /^---\r?\n([\s\S]*?)\r?\n---\r?\n([\s\S]*)$/.exec(text);
  const document = parseDocument(parts?.[1] ?? "");
  const [broken] = document.errors;
  if (broken) {
    throw new StudyError(`${where}: ${broken.message.split("\n")[0]}`, {
      hint: "fix the YAML between the --- lines",
    });
  }
  const { api, stop = api === "chat" ? "" : "Title:" } = checked(document.toJS() ?? {}, FrontMatter, where);
  // Trailing white space is removed: a line break after `Story:` would take the model's first token.
  const body = (parts?.[2] ?? text).replace(/\r\n/g, "\n").trimEnd();
  const placeholders = [...body.matchAll(/\[\[([^\]]+)\]\]/g)].map(([, placeholder]) => placeholder!);
  if (!placeholders.includes("title")) {
    throw new StudyError(`${where}: the template has no [[title]]`, {
      hint: "put [[title]] where the title goes",
    });
  }
  const examples = Math.max(0, ...placeholders.map(exampleNumber));
  return { name, hash: sha256(text), api, stop, examples, body };
}

const examplePlaceholder = /^example(?: (\d+))? (.+)$/;

/** Which example a placeholder shows, from 1; 0 for other placeholders. */
const exampleNumber = (placeholder: string): number => {
  const match = examplePlaceholder.exec(placeholder);
  return match ? Number(match[1] ?? 1) : 0;
};

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
  const chosen = conditions(template.body, control);
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
  const parts = messagesOf(chosen, template.name);
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

/** The template without parts whose condition is false. */
const conditions = (body: string, control: Control): string =>
  body.replace(/\[\[if ([^\]]+)\]\]([\s\S]*?)\[\[end\]\]/g, (_, name: string, part: string) =>
    Object.hasOwn(control, name) ? part : "",
  );

function messagesOf(body: string, name: string): Message[] {
  const parts = body.split(/^\[\[(system|user|assistant)\]\]\n/m);
  if (parts[0]!.trim() !== "" || parts.length < 3) {
    throw new StudyError(`${name}: a chat template must start with a line [[system]] or [[user]]`);
  }
  const messages: Message[] = [];
  for (let at = 1; at < parts.length; at += 2)
    messages.push({ role: parts[at] as Message["role"], content: parts[at + 1]!.trim() });
  return messages;
}
