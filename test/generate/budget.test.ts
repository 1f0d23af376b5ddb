import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { generate } from "../../src/generate/generate.ts";
import { StudyConfig } from "../../src/study/config.ts";
import { runStage } from "../../src/workbench/manifest.ts";
import { studyOf } from "../../src/workbench/study.ts";
import { madeUpStories, writeCorpus } from "../helpers/corpus.ts";
import { quietEffects, temporaryFolder } from "../helpers/world.ts";

// Each request uses all tokens that it may, and is answered when all parallel requests have arrived.
test("parallel requests cannot exceed the budget", async () => {
  let generated = 0;
  let [underWay, most] = [0, 0];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    most = Math.max(most, ++underWay);
    await sleep(100);
    underWay--;
    const tokens = Number(JSON.parse(text).max_tokens);
    generated += tokens;
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({
        id: "1",
        object: "text_completion",
        model: "served",
        choices: [{ index: 0, text: " It ended well.", finish_reason: "stop" }],
        usage: { prompt_tokens: 0, completion_tokens: tokens, total_tokens: tokens },
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    // A million tokens cost 1; with 200 tokens each, seven requests fit.
    const [price, budget] = [{ input: 0, output: 1 }, 0.0015];
    const model = { address: "openai:local/model", base, price, budget, parallel: 6 };
    const study = studyOf(
      await temporaryFolder(),
      StudyConfig.parse({ name: "test", generate: { models: [model] } }),
    );
    await writeCorpus(study, madeUpStories({ train: 5, test: 20 }));
    await expect(runStage(generate, study, {}, quietEffects({ env: {} }))).rejects.toThrow(/budget/);
    expect(most).toBeGreaterThan(1);
    expect(generated).toBeGreaterThan(0);
    expect(generated / 1e6).toBeLessThanOrEqual(budget);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
