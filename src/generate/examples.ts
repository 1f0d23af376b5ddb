import type { Random } from "../stats/random.ts";
import { groupedBy } from "../study/groups.ts";
import { counted } from "../study/print.ts";
import type { GenerateSettings } from "../study/settings/generate.ts";
import type { Story } from "../study/story.ts";
import { StudyError } from "../workbench/errors.ts";
import type { ChoiceRequest, ExampleChoice } from "./example-choice.ts";
import { balanced } from "./examples/balanced.ts";
import { diverse, farthest, nearest } from "./examples/by-similarity.ts";
import { fixed } from "./examples/fixed.ts";
import { matched } from "./examples/matched.ts";
import { random as randomChoice } from "./examples/random.ts";

/** All ways to choose examples; each is one file. */
export const exampleChoices: readonly ExampleChoice[] = [
  randomChoice,
  balanced,
  fixed,
  nearest,
  farthest,
  diverse,
  matched,
];

/**
 * Chooses the examples of each title. Only training stories are shown, and never the title's own story, the same
 * story under another id, or another text with the same title.
 */
export function chooseExamples(
  { examples: how, exampleStories: named }: Pick<GenerateSettings, "examples" | "exampleStories">,
  titles: readonly Story[],
  stories: readonly Story[],
  { count, control }: Pick<ChoiceRequest, "count" | "control">,
  random: Random,
): Story[][] {
  const choice = choiceNamed(how);
  if (count === 0) return titles.map(() => []);
  const training = trainingStories(stories);
  const same = sameStories(training);
  // Most titles share one list: a list for each would take titles × training stories of memory.
  const pools = titles.map((title) => {
    const own = same(title);
    return own.size === 0 ? training : training.filter((story) => !own.has(story));
  });
  const least = Math.min(...pools.map((pool) => pool.length));
  if (least < count) {
    throw new StudyError(
      `the prompt needs ${counted(count, "example")}, but there are only ${least} training stories`,
      {
        hint: "give corpus.split a larger share for train, or use a prompt with fewer examples",
      },
    );
  }
  return choice.choose({ titles, pools, count, named, control }, random);
}

/** The choice of that name; throws StudyError if there is none. */
export function choiceNamed(how: string): ExampleChoice {
  const choice = exampleChoices.find(({ name }) => name === how);
  if (choice) return choice;
  const known = exampleChoices.map(({ name }) => name);
  throw new StudyError(`generate.examples: unknown choice ${how}`, { hint: `try ${known.join(", ")}` });
}

/** The stories that may be shown to a model as examples. */
export const trainingStories = (stories: readonly Story[]): Story[] =>
  stories.filter(({ split, origin }) => split === "train" && origin.by === "human");

const plain = (text: string) =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();

/** Finds those of some stories that are the same as another: with its id, its title or its text. */
export function sameStories(stories: readonly Story[]): (other: Story) => ReadonlySet<Story> {
  const known = parts.map((part) => groupedBy(stories, part));
  return (other) => new Set(parts.flatMap((part, at) => known[at]!.get(part(other)) ?? []));
}

const parts: readonly ((story: Story) => string)[] = [
  ({ id }) => id,
  ({ title }) => plain(title),
  ({ text }) => plain(text),
];
