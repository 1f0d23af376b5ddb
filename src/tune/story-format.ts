import { chosenParts, type Message, messagesIn, parseTemplate, templateFile } from "../llm/prompt-file.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, readText } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";

/** How stories are asked for in training: by a text to continue, or by messages to an instructed model. */
export type StoryFormat = { readonly template: string } | { readonly messages: readonly Message[] };

/**
 * The format in which stories are learnt, so that a tuned model gets the same wording in generation as in training. A
 * prompt for completions gives `Title: [[title]]\nStory: [[story]]`: the file from the line of `[[title]]` on, and then
 * the story; earlier parts (examples) are not learnt. A prompt for chat gives its messages. Throws StudyError for a
 * prompt without such a format.
 */
export async function storyFormat(prompt: string, study: Study): Promise<StoryFormat> {
  const file = await templateFile(prompt, study);
  if (!(await exists(file))) {
    throw new StudyError(`tune.prompt: no prompt file ${prompt}`, {
      hint: "give a path inside the study, or `title-only`, which comes with Tiny Love",
    });
  }
  const { api, body } = parseTemplate(await readText(file), prompt);
  return api === "chat"
    ? { messages: messagesOf(body, prompt, study.config.genre) }
    : { template: formOf(body, prompt) };
}

/** The messages of a chat prompt, without controls. Throws StudyError if it shows examples. */
function messagesOf(body: string, name: string, genre: string): readonly Message[] {
  const plain = chosenParts(body, {})
    .replaceAll("[[genre]]", () => genre)
    .replace(/\[\[(?:controls|wishes)\]\]/g, "");
  const messages = messagesIn(plain, name).map(({ role, content }) => ({
    role,
    content: content.replace(/[ \t]+$/gm, ""),
  }));
  const other = messages.flatMap(
    ({ content }) => /\[\[(?!title\]\])([^\]]*)\]\]/.exec(content)?.[0] ?? [],
  )[0];
  if (other) {
    throw new StudyError(`${name}: cannot be used for tuning, because it contains ${other}`, {
      hint: "set tune.prompt to a prompt without examples and controls, such as `chat-small`",
    });
  }
  return messages;
}

/** The format in the body of a prompt for completions. */
export function formOf(body: string, name: string): string {
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
