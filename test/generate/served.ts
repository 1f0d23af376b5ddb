import { join } from "node:path";
import { main } from "../../src/cli.ts";
import { journalFile } from "../../src/generate/generation-journal.ts";
import type { Generation } from "../../src/study/generation.ts";
import { readGenerations } from "../../src/workbench/artefacts.ts";
import { readText, writeWhole } from "../../src/workbench/files.ts";
import { openStudy } from "../../src/workbench/study.ts";
import { madeUpStories, writeCorpus } from "../helpers/corpus.ts";
import { quietEffects, temporaryFolder } from "../helpers/world.ts";

/** A model on a server as users use it: a study, `tinylove generate` and `try`, and their results. */

export const fiveTitles: readonly string[] = [
  "The Last Ferry",
  "Two Lamps",
  "My Mother's Garden",
  "A Letter Home",
  "What He Kept",
];

/** This many different titles. */
export const manyTitles = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${fiveTitles[at % fiveTitles.length]} ${at}`);

export interface StudySettings {
  readonly models: readonly Readonly<Record<string, unknown>>[];
  readonly titles?: readonly string[];
  /** `chat.md`, or a built-in one. */
  readonly prompt?: string;
  /** Tokens of a text. */
  readonly most?: number;
}

/** The folder of a new study; at temperature 0, so that texts can be compared. */
export async function newStudy(settings: StudySettings): Promise<string> {
  const { models, titles = fiveTitles, prompt = "title-only", most = 60 } = settings;
  const folder = await temporaryFolder();
  const generate = { temperature: 0, tokens: { least: 0, most }, prompts: [prompt], models };
  await writeWhole(join(folder, "chat.md"), chatPrompt);
  await writeWhole(join(folder, "study.yaml"), JSON.stringify({ name: "served", generate }));
  await writeCorpus(await openStudy(folder), madeUpStories({ train: 4, test: titles.length }, titles));
  return folder;
}

const chatPrompt = `---
api: chat
---
[[system]]
You write very short stories in plain words.
[[user]]
Write a story of about 50 words to the title "[[title]]".
`;

/** Status of each answered request, and the number of unanswered ones. */
export interface Calls {
  readonly answered: number[];
  readonly lost: number;
}

/** Receives each answer before the program, and may replace it. */
export type OnAnswer = (calls: Calls, answer: Response) => unknown;

/** Runs `tinylove ...`, with its requests to the server. */
export async function tinylove(argv: readonly string[], onAnswer: OnAnswer = () => {}) {
  const calls = { answered: [] as number[], lost: 0 };
  const effects = quietEffects({
    async fetch(input, init) {
      try {
        const answer = await fetch(input, init);
        calls.answered.push(answer.status);
        const other = await onAnswer(calls, answer);
        return other instanceof Response ? other : answer;
      } catch (thrown) {
        calls.lost += 1;
        throw thrown;
      }
    },
  });
  const code = await main(argv, effects);
  return { code, calls, told: effects.logged.join("\n"), printed: effects.printed.join("\n") };
}

/** Runs `tinylove generate` on a study, with its generations. */
export async function generate(folder: string, onAnswer?: OnAnswer) {
  const ran = await tinylove(["generate", "--study", folder], onAnswer);
  return { ...ran, generations: await readGenerations(await openStudy(folder)) };
}

/** What is wrong with a study of this many titles: a title without a text or with several, an answer stored twice. */
export async function lostOrDoubled(
  folder: string,
  generations: readonly Generation[],
  titles: number,
): Promise<string[]> {
  const lines = (await readText(join(folder, journalFile))).trim().split("\n");
  const keys = lines
    .map((line) => JSON.parse(line))
    .filter(({ replies }) => replies?.[0]?.raw)
    .map(({ key }) => key);
  const faults = keys.filter((key, at) => keys.indexOf(key) < at).map((key) => `answered twice: ${key}`);
  for (let at = 0; at < titles; at++) {
    const texts = generations.filter(({ story, text }) => story === `test-${at}` && /\w/.test(text));
    if (texts.length !== 1) faults.push(`test-${at} has ${texts.length} texts`);
  }
  return faults;
}
