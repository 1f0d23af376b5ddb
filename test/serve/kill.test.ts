import { afterAll, beforeAll, expect, test } from "vitest";
import { judgments } from "../../src/serve/judgments.ts";
import { randomFrom } from "../../src/stats/random.ts";
import { readJudgments } from "../../src/workbench/artefacts.ts";
import { readManifest, runStage, stateOf } from "../../src/workbench/manifest.ts";
import { fixture, hiddenFields, quietEffects, Walker } from "./fixture.ts";
import { type Program, programForKilling } from "./program.ts";

let program: Program;
beforeAll(async () => {
  program = await programForKilling();
});
afterAll(() => program?.remove());

/** What was acknowledged, by the participant's cookie and the question's place. */
type Acknowledged = Map<string, string>;

/** Takes part again and again until the server is gone. */
async function takePartUntilKilled(url: string, acknowledged: Acknowledged): Promise<void> {
  try {
    for (;;) {
      const walker = new Walker(url);
      await walker.begin();
      for (let position = 1; position <= 4; position++) {
        const fields = hiddenFields((await walker.get(`/q/${position}`)).text);
        const reason = `${walker.cookie.slice(-26)} ${position}`;
        const reply = await walker.post(`/q/${position}`, { ...fields, answer: "human", reason });
        if (reply.status === 303) acknowledged.set(reason, "human");
      }
    }
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown;
  }
}

// The test suite kills a few times; `bench/serve-kills.ts` kills a hundred times.
const kills = Number(process.env["TINYLOVE_KILLS"] ?? 4);

test(`nothing acknowledged is lost, and nothing stored twice, when the server is killed ${kills} times`, async () => {
  const { study, remove } = await fixture({ forms: 3, survey: { rate: 1_000_000 } });
  const random = randomFrom("kills", Date.now());
  const acknowledged: Acknowledged = new Map();
  for (let round = 0; round < kills; round++) {
    const server = await program.serve(study.folder);
    const readers = Array.from({ length: 8 }, () => takePartUntilKilled(server.url, acknowledged));
    // By what was done and not by the clock, so that a busy machine kills in the midst of answers as well.
    const enough = acknowledged.size + random.integer(15, 60);
    while (acknowledged.size < enough)
      await new Promise((resolve) => setTimeout(resolve, random.integer(1, 5)));
    await server.end("SIGKILL");
    await Promise.all(readers);
  }
  await runStage(judgments, study, {}, quietEffects());
  expect((await stateOf(judgments, study, await readManifest(study))).is).toBe("fresh");
  const stored = (await readJudgments(study)).map(({ response }) => String(response["reason"]));
  expect(acknowledged.size).toBeGreaterThanOrEqual(kills * 15);
  expect(stored.length).toBe(new Set(stored).size);
  expect([...acknowledged.keys()].filter((reason) => !stored.includes(reason))).toEqual([]);
  await remove();
}, 300_000);

test("a killed server's answers are exported when it starts again, and a polite end exports them too", async () => {
  const { study, remove } = await fixture();
  const server = await program.serve(study.folder);
  const walker = new Walker(server.url);
  await walker.begin();
  const first = hiddenFields((await walker.get("/q/1")).text);
  await walker.post("/q/1", { ...first, answer: "human" });
  await server.end("SIGKILL");
  const again = await program.serve(study.folder);
  expect(await readJudgments(study)).toHaveLength(1);
  walker.url = again.url;
  await walker.finish();
  await again.end("SIGTERM");
  expect(again.process.exitCode).toBe(0);
  expect(await readJudgments(study)).toHaveLength(4);
  await remove();
});
