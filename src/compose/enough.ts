import type { StudyConfig } from "../study/config.ts";
import { counted } from "../study/print.ts";
import type { Story } from "../study/story.ts";
import { checkTaskSettings, storySharesOf } from "../tasks/task-settings.ts";
import { generationsFolder, readGenerations, readStories, storiesFile } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Study } from "../workbench/study.ts";
import { candidatesOf, longEnough } from "./candidates.ts";
import { layOut } from "./layout.ts";
import { titlesNeeded } from "./titles-needed.ts";

/**
 * Throws StudyError if the forms cannot be made, as far as that is already known: from the settings alone, from the
 * stories once they are `settled`, and exactly once the generations are. This quick check can save hours in the
 * stages before `compose`.
 */
export async function checkEnough(study: Study, settled: ReadonlySet<string>): Promise<void> {
  const { config } = study;
  checkTaskSettings(config);
  const stories = settled.has(storiesFile) ? await readStories(study) : undefined;
  if (stories && settled.has(generationsFolder)) {
    const candidates = candidatesOf(stories, await readGenerations(study), config.compose);
    layOut(candidates, config.compose, study.random("layout"));
    return;
  }
  checkTestStories(config, stories);
  checkTitles(config);
}

function checkTestStories({ compose, corpus }: StudyConfig, stories: readonly Story[] | undefined): void {
  const needed = titlesNeeded(compose);
  const { test } = corpus.split;
  if (stories) {
    const { titles, range } = candidatesOf(stories, [], compose);
    const usable = titles.filter(({ human }) => longEnough(human, range)).length;
    if (usable < needed)
      throw tooFew(
        compose,
        needed,
        `${counted(usable, "test story", "test stories")} of more than ${range.least} words`,
      );
  } else if (Number.isInteger(test) && test > 1 && test < needed) {
    // A share of 1 means all; whole numbers above it are counts.
    throw tooFew(compose, needed, `corpus.split.test is ${test}`);
  }
}

/** Human stories do not need a machine story with their title. */
function checkTitles({ compose, generate }: StudyConfig): void {
  const { single, pairs } = storySharesOf(compose);
  const needed = compose.forms * (single.machine + pairs);
  if (generate.titles !== "all" && generate.titles < needed)
    throw tooFew(compose, needed, `generate.titles is ${generate.titles}`);
}

const tooFew = (
  { forms, human, machine }: StudyConfig["compose"],
  needed: number,
  available: string,
): StudyError =>
  new StudyError(
    `${counted(forms, "form")} of ${human} human and ${machine} machine stories need ${needed} titles: ${available}`,
    {
      hint: "ask for fewer forms or stories (compose.forms, human, machine), or for more titles (corpus.split, generate.titles)",
    },
  );
