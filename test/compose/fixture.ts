import { compose } from "../../src/compose/compose.ts";
import type { Generation } from "../../src/study/generation.ts";
import type { Story } from "../../src/study/story.ts";
import { jsonLines, writeWhole } from "../../src/workbench/files.ts";
import type { Study } from "../../src/workbench/study.ts";
import { generationOf } from "../helpers/generations.ts";
import { quietEffects, temporaryStudy } from "../helpers/world.ts";

/** `count` words in the form of prose, with quotes and a full stop, so that punctuation at the cut matters. */
const prose = (count: number, seed: string) =>
  `${Array.from({ length: count }, (_, at) => (at % 7 === 6 ? `“${seed}${at},”` : `${seed}${at}`)).join(" ")}.`;

export function story(at: number, words = 96): Story {
  const origin = { by: "human" as const, source: "test", author: "A", licence: "CC0-1.0" };
  const text = prose(words, `h${at}x`);
  return { id: `s${at}`, title: `Title ${at}`, text, words, origin, group: `g${at}`, split: "test" };
}

export const generation = (at: number, words = 140, model = "llama:a", attempt = 1): Generation =>
  generationOf({
    id: `${model}-${at}-${attempt}`,
    story: `s${at}`,
    title: `Title ${at}`,
    model: { address: model, hash: "0" },
    examples: ["e1"],
    attempt,
    text: prose(words, `m${at}y`),
  });

/** A study with these stories and machine stories; `settings` are those of `compose`. */
export async function studyWith(
  stories: Story[],
  generations: Generation[],
  settings: Record<string, unknown> = {},
): Promise<Study> {
  const study = await temporaryStudy({ seed: 7, compose: settings });
  await writeWhole(study.path("corpus/stories.jsonl"), jsonLines(stories));
  await writeWhole(study.path("generations/a/one-shot.jsonl"), jsonLines(generations));
  return study;
}

export const run = (study: Study, effects = quietEffects()) => compose.run(study, {}, effects);
export const upTo = <T>(count: number, make: (at: number) => T) =>
  Array.from({ length: count }, (_, at) => make(at));
