import { join } from "node:path";
import { expect, test } from "vitest";
import { collect } from "../../src/collect/collect.ts";
import { CollectOptions } from "../../src/collect/options.ts";
import { readCorpusSummary, readStories } from "../../src/workbench/artefacts.ts";
import { quietEffects, temporaryStudy } from "../helpers/world.ts";

const data = process.env["TINYLOVE_DATA"];

test.skipIf(!data)(
  "1,163 stories of two published corpora are collected (TINYLOVE_DATA names their folder)",
  async () => {
    const study = await temporaryStudy({
      corpus: {
        file: ["aesop.jsonl", "african-storybook.jsonl"].map((file) => join(data!, "corpora", file)),
        words: { warn: 100, refuse: 500 },
      },
    });
    await collect.run(study, CollectOptions.parse({}), quietEffects());
    const stories = await readStories(study);
    expect(stories.length).toBe(1163);
    expect(new Set(stories.map(({ id }) => id)).size).toBe(1163);
    const { split, licences, warned } = await readCorpusSummary(study);
    // Repaired are two titles with "\\'", which are real errors. Ten texts do look cut short.
    const reasons = (reason: string) => warned.filter((remark) => remark.reason === reason);
    expect(reasons("repaired").map(({ message }) => message.replace(/.*“(.*)”: /, "$1: "))).toEqual([
      "Hlelo's first day at school: repaired escapes (“\\'”)",
      "Tola and is father's bicycle: repaired escapes (“\\'”)",
    ]);
    expect(reasons("signature")).toEqual([]);
    expect(reasons("may be cut short").length).toBe(10);
    expect(split).toEqual({ train: 862, validation: 151, test: 150 });
    expect(Object.values(licences).reduce((sum, count) => sum + count, 0)).toBe(1163);
  },
);
