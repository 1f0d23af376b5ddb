import type { Split, Story } from "../../src/study/story.ts";
import { storiesFile } from "../../src/workbench/artefacts.ts";
import { jsonLines, writeWhole } from "../../src/workbench/files.ts";
import type { Study } from "../../src/workbench/study.ts";

/** Invented stories, each with its own words, so that they can be distinguished. */
export function madeUpStories(
  counts: Readonly<Partial<Record<Split, number>>>,
  titles: readonly string[] = [],
) {
  return Object.entries(counts).flatMap(([split, count]) =>
    Array.from({ length: count }, (_, index): Story => {
      const name = `${split}-${index}`;
      const text = Array.from({ length: 8 }, (_, at) => `word${at}of${name}`).join(" ");
      return {
        id: name,
        title: (split === "test" && titles[index]) || `The ${name} story`,
        text,
        words: 8,
        origin: { by: "human", source: "made up", author: "nobody", licence: "MIT" },
        group: name,
        split: split as Split,
      };
    }),
  );
}

export const writeCorpus = (study: Study, stories: readonly Story[]): Promise<void> =>
  writeWhole(study.path(storiesFile), jsonLines(stories));
