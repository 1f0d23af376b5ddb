import { fileURLToPath } from "node:url";
import { StudyError } from "../workbench/errors.ts";
import { exists, readText } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import { packageFolder } from "../workbench/version.ts";

/**
 * The format in which stories are learnt, `Title: [[title]]\nStory: [[story]]`: the prompt file from the line of
 * `[[title]]` on, and then the story. So a tuned model gets the same wording in generation as in training; earlier
 * parts of the prompt (examples) are not learnt. Throws StudyError for a prompt without such a format.
 */
export async function storyFormat(prompt: string, study: Study): Promise<string> {
  const file = await promptFile(prompt, study);
  if (!(await exists(file))) {
    throw new StudyError(`tune.prompt: no prompt file ${prompt}`, {
      hint: "give a path inside the study, or `title-only`, which comes with Tiny Love",
    });
  }
  return formOf(await readText(file), prompt);
}

/** The format in a prompt file's text. */
export function formOf(text: string, name: string): string {
  const body = text
    .replace(/\r\n/g, "\n")
    .replace(/^---\n[\s\S]*?\n---\n/, "")
    .trimEnd();
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
