import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { collect } from "../../src/collect/collect.ts";
import { CollectOptions } from "../../src/collect/options.ts";
import { describe } from "../../src/describe/describe.ts";
import { readTable } from "../../src/tables/tables.ts";
import { readStories } from "../../src/workbench/artefacts.ts";
import { quietEffects, temporaryStudy } from "../helpers/world.ts";

const corpora = join(process.env["TINYLOVE_DATA"] ?? "", "corpora");
const files = ["aesop.jsonl", "african-storybook.jsonl"].map((name) => join(corpora, name));

test.skipIf(!process.env["TINYLOVE_DATA"] || !files.every((file) => existsSync(file)))(
  "1,163 rows of fables and primers are collected and described (skipped unless TINYLOVE_DATA is set)",
  async () => {
    const study = await temporaryStudy({
      corpus: { file: files, words: { warn: 100, refuse: 200 } },
      describe: { skip: ["grammar", "perplexity"] },
    });
    await collect.run(study, CollectOptions.parse({}), quietEffects());
    const stories = await readStories(study);
    const rejected = await readTable(study.path("corpus/rejected.csv"));
    expect(stories.length + rejected.length).toBe(1163);

    await describe.run(study, {}, quietEffects());
    const rows = await readTable(study.path("corpus/codes.csv"));
    expect(rows.map(({ id }) => id)).toEqual(stories.map(({ id }) => id));
    expect(rows.filter((row) => row["pronoun_loop"] === "yes")).toEqual([]);
    const codes = await readFile(study.path("corpus/codes.csv"), "utf8");
    await describe.run(study, {}, quietEffects());
    expect(await readFile(study.path("corpus/codes.csv"), "utf8")).toBe(codes);
  },
  300_000,
);
