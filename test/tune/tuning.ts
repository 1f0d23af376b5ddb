import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { randomFrom } from "../../src/stats/random.ts";
import { StudyConfig } from "../../src/study/config.ts";
import type { Split, Story } from "../../src/study/story.ts";
import { storiesFile } from "../../src/workbench/artefacts.ts";
import { jsonLines, writeWhole } from "../../src/workbench/files.ts";
import { environmentFolder, pythonEnvironment, pythonIn } from "../../src/workbench/python.ts";
import { type Study, studyOf } from "../../src/workbench/study.ts";
import { temporaryFolder } from "../helpers/world.ts";

/** A Python with the trainer's packages: TINYLOVE_PYTHON, or that of the project's own environment. */
export const python: string | undefined =
  process.env["TINYLOVE_PYTHON"] ??
  [pythonIn(environmentFolder(process.env))].find((program) => existsSync(program));

/** The reason if a test is skipped because there is no Python. */
export const withoutPython =
  "skipped: no Python with the trainer's packages (`tinylove tune setup` makes one, TINYLOVE_PYTHON names one)";

/** The trainer's settings in tests: one thread, for a shared machine. */
export const trainerEnvironment = { ...process.env, TINYLOVE_PYTHON: python, OMP_NUM_THREADS: "1" };

const who = [
  "my mother",
  "her sister",
  "the old baker",
  "our neighbour",
  "his teacher",
  "a young nurse",
  "I",
  "you",
  "we",
];
const did = [
  "found a letter",
  "planted a rose",
  "kept the key",
  "wrote a song",
  "missed the train",
  "baked the bread",
  "closed the window",
];
const when = ["in May", "in June", "in winter", "on a Sunday"];
const then = [
  "I saw the rain.",
  "nobody spoke.",
  "the door stood open.",
  "we laughed with her.",
  "she went away.",
  "I waited for him.",
];

/** Stories in a small language that a small model can learn within a minute; another `first` gives other stories. */
export function smallStories(counts: Readonly<Partial<Record<Split, number>>>, first = 0): Story[] {
  return Object.entries(counts).flatMap(([split, count]) =>
    Array.from({ length: count }, (_, index): Story => {
      const id = `${split}-${first + index}`;
      const random = randomFrom(7, id);
      // In the first person, like many stories of love: a collapsed model writes only the word "I".
      const lines = Array.from(
        { length: 3 },
        () =>
          `${capital(random.pick(who))} ${random.pick(did)} ${random.pick(when)} and I ${random.pick(did)} when I knew that I ${random.pick(did)} as ${random.pick(then)}`,
      );
      const text = lines.join(" ");
      const title = `The ${random.pick(["Letter", "Rose", "Key", "Song", "Train", "Bread"])} of ${random.pick(["May", "June", "Winter"])}`;
      const origin = { by: "human", source: "made up", author: "nobody", licence: "MIT" } as const;
      return { id, title, text, words: text.split(" ").length, origin, group: id, split: split as Split };
    }),
  );
}

const capital = (text: string): string => text[0]!.toUpperCase() + text.slice(1);

/** A study with these stories as its corpus, with `tune` settings for a shared machine. */
export async function smallStudy(
  tune: Record<string, unknown> = {},
  counts: Readonly<Partial<Record<Split, number>>> = { train: 48, validation: 8, test: 8 },
  folder?: string,
): Promise<Study> {
  const quick = { precision: "fp32", threads: 1, length: 128, samples: 1, epochs: 2 };
  const config = StudyConfig.parse({ name: "test", seed: 7, tune: { ...quick, ...tune } });
  const study = studyOf(folder ?? (await temporaryFolder()), config);
  await writeWhole(
    study.path("study.yaml"),
    `name: test\nseed: 7\ntune: ${JSON.stringify({ ...quick, ...tune })}\n`,
  );
  await writeWhole(study.path(storiesFile), jsonLines(smallStories(counts)));
  return study;
}

/** A folder with `neo` and `neox`, which know the small language a little. */
export async function smallModels(): Promise<string> {
  const folder = await temporaryFolder();
  const stories = `${folder}/stories.jsonl`;
  await writeWhole(stories, jsonLines(smallStories({ train: 40 }, 1000)));
  const maker = fileURLToPath(new URL("../../trainer/bench/small_models.py", import.meta.url));
  await promisify(execFile)(python!, [maker, stories, folder], {
    env: pythonEnvironment(trainerEnvironment),
  });
  return folder;
}
