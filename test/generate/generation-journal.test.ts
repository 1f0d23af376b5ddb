import { join } from "node:path";
import { expect, test } from "vitest";
import { openJournal } from "../../src/generate/generation-journal.ts";
import { jsonLines, writeWhole } from "../../src/workbench/files.ts";
import { temporaryFolder } from "../helpers/world.ts";

test("failures in a journal of an earlier version are still permanent", async () => {
  const path = join(await temporaryFolder(), "responses.jsonl");
  const failure = { failed: "400 the prompt is too long", ms: 1, at: "2026-01-01T00:00:00.000Z" };
  await writeWhole(path, jsonLines([{ key: "a", replies: [{ ...failure, lasting: true }] }]));
  const journal = await openJournal(path);
  await journal.close();
  expect(journal.entries.get("a")).toEqual([{ ...failure, permanent: true }]);
});
