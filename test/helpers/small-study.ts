import { join } from "node:path";
import { main } from "../../src/cli.ts";
import { filesUnder, hashOf, writeWhole } from "../../src/workbench/files.ts";
import { quietEffects, temporaryFolder } from "./world.ts";

/** A table of twelve stories of 95 words, a study of them that runs within a second, and the command line with its output. */

export const header = "title,text,source";

export const storyRows: readonly string[] = Array.from({ length: 12 }, (_, at) => {
  const words = Array.from({ length: 95 }, (_, word) => `w${at}x${word}`).join(" ");
  return `Title ${at},${words}.,post-${at}`;
});

export const storyTable = (rows: readonly string[] = storyRows): string => `${header}\n${rows.join("\n")}\n`;

export const corpusOfTwelve = "corpus: {file: stories.csv, split: {train: 6, validation: 2, test: 4}}\n";
export const echoModel = 'generate: {models: [{address: "echo:"}]}\n';
export const oneForm = "compose: {forms: 1, human: 1, machine: 1, words: {least: 60, most: 70}}\n";
export const quickMeasures = "describe: {skip: [grammar, perplexity]}\n";

/** The study's settings; `changes` replace those with the same key. */
export function settingsWith(...changes: readonly string[]): string {
  const parts = [corpusOfTwelve, echoModel, oneForm, quickMeasures];
  const key = (part: string) => part.slice(0, part.indexOf(":"));
  const kept = parts.filter((part) => changes.every((change) => key(change) !== key(part)));
  return `name: study\n${[...kept, ...changes].join("")}`;
}

export async function smallStudy(...changes: readonly string[]): Promise<string> {
  const folder = join(await temporaryFolder(), "study");
  await writeWhole(join(folder, "stories.csv"), storyTable());
  await writeWhole(join(folder, "study.yaml"), settingsWith(...changes));
  return folder;
}

/** Runs a command without Chromium, so that no report is printed as PDF, which takes seconds. */
export async function tinylove(...argv: readonly string[]) {
  const effects = quietEffects({ env: { ...process.env, PATH: "", CHROMIUM: undefined } });
  const code = await main(argv, effects);
  return {
    code,
    logged: effects.logged,
    last: effects.logged.at(-1) ?? "",
    printed: effects.printed.join("\n"),
  };
}

/** Every file of a folder with its hash, except the internal files of the workbench and SQLite. */
export async function contentsOf(folder: string): Promise<Record<string, string | undefined>> {
  const files = (await filesUnder(folder)).filter((path) => !/\.tinylove|-(shm|wal)$/.test(path));
  return Object.fromEntries(
    await Promise.all(files.map(async (path) => [path, await hashOf(path)] as const)),
  );
}
