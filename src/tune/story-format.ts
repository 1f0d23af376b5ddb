import { fileURLToPath } from "node:url";
import { StudyError } from "../workbench/errors.ts";
import { exists, readText } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import { packageFolder } from "../workbench/version.ts";

/** How stories are asked for in training: by a text to continue, or by messages to an instructed model. */
export type StoryFormat = { readonly template: string } | { readonly messages: readonly Message[] };

interface Message {
  readonly role: string;
  readonly content: string;
}

/**
 * The format in which stories are learnt, so that a tuned model gets the same wording in generation as in training. A
 * prompt for completions gives `Title: [[title]]\nStory: [[story]]`: the file from the line of `[[title]]` on, and then
 * the story; earlier parts (examples) are not learnt. A prompt for chat gives its messages. Throws StudyError for a
 * prompt without such a format.
 */
export async function storyFormat(prompt: string, study: Study): Promise<StoryFormat> {
  const file = await promptFile(prompt, study);
  if (!(await exists(file))) {
    throw new StudyError(`tune.prompt: no prompt file ${prompt}`, {
      hint: "give a path inside the study, or `title-only`, which comes with Tiny Love",
    });
  }
  const text = await readText(file);
  return isChat(text)
    ? { messages: messagesOf(text, prompt, study.config.genre) }
    : { template: formOf(text, prompt) };
}

const isChat = (text: string): boolean => /^---\r?\n[\s\S]*?^api: *chat *$[\s\S]*?^---/m.test(text);

/** The messages in a chat prompt's text, without controls. */
function messagesOf(text: string, name: string, genre: string): readonly Message[] {
  const parts = bodyOf(text)
    .replace(/\[\[if [^\]]+\]\][\s\S]*?\[\[end\]\]/g, "")
    .replaceAll("[[genre]]", () => genre)
    .replace(/\[\[(?:controls|wishes)\]\]/g, "")
    .split(/^\[\[(system|user|assistant)\]\]\n/m);
  const messages = parts.flatMap((role, at) =>
    at % 2 === 1 ? [{ role, content: parts[at + 1]!.replace(/[ \t]+$/gm, "").trim() }] : [],
  );
  const contents = messages.map(({ content }) => content).join("\n");
  const other = /\[\[(?!title\]\])([^\]]*)\]\]/.exec(contents)?.[0];
  if (other) {
    throw new StudyError(`${name}: cannot be used for tuning, because it contains ${other}`, {
      hint: "set tune.prompt to a prompt without examples and controls, such as `chat-small`",
    });
  }
  if (!contents.includes("[[title]]")) {
    throw new StudyError(`${name}: the prompt has no [[title]]`, {
      hint: "put [[title]] where the title goes",
    });
  }
  return messages;
}

const bodyOf = (text: string): string =>
  text
    .replace(/\r\n/g, "\n")
    .replace(/^---\n[\s\S]*?\n---\n/, "")
    .trimEnd();

/** The format in the text of a prompt for completions. */
export function formOf(text: string, name: string): string {
  const body = bodyOf(text);
  const title = body.lastIndexOf("[[title]]");
  if (title < 0)
    throw new StudyError(`${name}: the prompt has no [[title]]`, {
      hint: "put [[title]] where the title goes",
    });
  const promptPart = body.slice(body.lastIndexOf("\n", title) + 1);
  const other =
    /\[\[(?!title\]\])([^\]]*)\]\]/.exec(promptPart)?.[0] ??
    /^\[\[(?:system|user|assistant)\]\]$/m.exec(body)?.[0];
  if (other || promptPart.split("[[title]]").length > 2) {
    throw new StudyError(
      `${name}: cannot be used for tuning, because it contains ${other ?? "a second [[title]]"}`,
      {
        hint: "set tune.prompt to one that ends with the title's line, such as `title-only`",
      },
    );
  }
  return `${promptPart} [[story]]`;
}

async function promptFile(prompt: string, study: Study): Promise<string> {
  const inStudy = study.path(prompt);
  if (!/^[a-z0-9-]+$/.test(prompt) || (await exists(inStudy))) return inStudy;
  return fileURLToPath(new URL(`prompts/${prompt}.md`, packageFolder));
}
