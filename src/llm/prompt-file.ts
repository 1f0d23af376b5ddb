import { fileURLToPath } from "node:url";
import { parseDocument } from "yaml";
import { z } from "zod";
import { sha256 } from "../text/hash.ts";
import { StudyError } from "../workbench/errors.ts";
import { checked, exists } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import { packageFolder } from "../workbench/version.ts";

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

/** `example title` or `example 2 story`: the number of the example, and what of it is shown. */
export const examplePlaceholder = /^example(?: (\d+))? (.+)$/;

/** Which example a placeholder shows, from 1; 0 for other placeholders. */
const exampleNumber = (placeholder: string): number => {
  const match = examplePlaceholder.exec(placeholder);
  return match ? Number(match[1] ?? 1) : 0;
};

/** The template without parts whose condition is false. */
export const chosenParts = (body: string, control: Readonly<Record<string, unknown>>): string =>
  body.replace(/\[\[if ([^\]]+)\]\]([\s\S]*?)\[\[end\]\]/g, (_, name: string, part: string) =>
    Object.hasOwn(control, name) ? part : "",
  );

/** The messages in the body of a chat prompt; throws StudyError if it does not start with one. */
export function messagesIn(body: string, name: string): Message[] {
  const parts = body.split(/^\[\[(system|user|assistant)\]\]\n/m);
  if (parts[0]!.trim() !== "" || parts.length < 3) {
    throw new StudyError(`${name}: a chat template must start with a line [[system]] or [[user]]`);
  }
  const messages: Message[] = [];
  for (let at = 1; at < parts.length; at += 2)
    messages.push({ role: parts[at] as Message["role"], content: parts[at + 1]!.trim() });
  return messages;
}
