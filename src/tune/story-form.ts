import { fileURLToPath } from "node:url";
import { StudyError } from "../workbench/errors.ts";
import { exists, readText } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import { packageFolder } from "../workbench/version.ts";

/**
 * The form in which stories are learnt, `Title: [[title]]\nStory: [[story]]`: what a prompt file asks from the line
 * of `[[title]]` on, and the story after it. So a tuned model is asked in the words that it was taught in; what the
 * prompt shows before (examples) is not learnt. Throws StudyError for a prompt that has no such form.
 */
export async function storyForm(prompt: string, study: Study): Promise<string> {
  const file = await promptFile(prompt, study);
  if (!(await exists(file))) {
    throw new StudyError(`tune.prompt: no prompt file ${prompt}`, {
      hint: "give a path inside the study, or `title-only`, which comes with Tiny Love",
    });
  }
  return formOf(await readText(file), prompt);
}

/** The form in a prompt file's text. */
export function formOf(text: string, name: string): string {
  const body = text
    .replace(/\r\n/g, "\n")
    .replace(/^---\n[\s\S]*?\n---\n/, "")
    .trimEnd();
  const title = body.lastIndexOf("[[title]]");
  if (title < 0)
    throw new StudyError(`${name}: no [[title]] in the prompt`, {
      hint: "put [[title]] where the title goes",
    });
  const asked = body.slice(body.lastIndexOf("\n", title) + 1);
  const other =
    /\[\[(?!title\]\])([^\]]*)\]\]/.exec(asked)?.[0] ??
    /^\[\[(?:system|user|assistant)\]\]$/m.exec(body)?.[0];
  if (other || asked.split("[[title]]").length > 2) {
    throw new StudyError(`${name}: cannot be learnt, for ${other ?? "a second [[title]]"} stands in it`, {
      hint: "let tune.prompt name one that ends with the title's line and what follows it, as `title-only` does",
    });
  }
  return `${asked} [[story]]`;
}

async function promptFile(prompt: string, study: Study): Promise<string> {
  const inStudy = study.path(prompt);
  if (!/^[a-z0-9-]+$/.test(prompt) || (await exists(inStudy))) return inStudy;
  return fileURLToPath(new URL(`prompts/${prompt}.md`, packageFolder));
}
