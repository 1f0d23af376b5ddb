import { join } from "node:path";
import { expect, test } from "vitest";
import { randomFrom } from "../../src/stats/random.ts";
import { builtProgram } from "../helpers/built.ts";
import { writeTinyModel } from "../helpers/tiny-model.ts";
import { temporaryFolder } from "../helpers/world.ts";
import { killedOften } from "./killing.ts";

test("generation that is killed ten times gives the same texts as without", async () => {
  const model = join(await temporaryFolder(), "noise.gguf");
  await writeTinyModel(model, { words: [" love", "Title:"], layers: 2 });
  const random = randomFrom(5, "kills");
  const killed = await killedOften(await builtProgram(), model, { titles: 8, kills: 10, random });
  expect(killed).toEqual({ kills: 10, studies: killed.studies, different: 0, halfWritten: 0 });
}, 480_000);
