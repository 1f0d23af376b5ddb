import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { generate } from "../../src/generate/generate.ts";
import { StudyConfig } from "../../src/study/config.ts";
import { readGenerations } from "../../src/workbench/artefacts.ts";
import { runStage } from "../../src/workbench/manifest.ts";
import { type Study, studyOf } from "../../src/workbench/study.ts";
import { madeUpStories, writeCorpus } from "../helpers/corpus.ts";
import { quietEffects, temporaryFolder } from "../helpers/world.ts";
import { answerTo } from "./test-server.ts";

interface Line {
  readonly custom_id: string;
  readonly body: { readonly prompt: string };
}

/** A fake Batch API: jobs end after some status requests, every fifth of which gets a 500; `refuses` says which requests expire, `tooLong` which are answered with a 400. */
async function batchServer(
  polls: number,
  refuses: (number: number) => boolean = () => false,
  tooLong: (number: number) => boolean = () => false,
) {
  const jobs: { lines: Line[]; asked: number }[] = [];
  const files: string[] = [];
  let requests = 0;
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const json = (status: number, value: unknown) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
    };
    if (++requests % 5 === 0) return json(500, { error: { message: "busy" } });
    const url = request.url ?? "";
    if (request.method === "POST" && url === "/v1/files") {
      files.push(
        body
          .split("\n")
          .filter((line) => line.startsWith("{"))
          .join("\n"),
      );
      return json(200, { id: `file-${files.length - 1}`, object: "file" });
    }
    if (request.method === "POST" && url === "/v1/batches") {
      const file = files[Number(JSON.parse(body).input_file_id.split("-")[1])]!;
      jobs.push({ lines: file.split("\n").map((line) => JSON.parse(line)), asked: 0 });
      return json(200, { id: `job-${jobs.length - 1}`, status: "validating" });
    }
    const number = Number(/(?:job|out)-(\d+)/.exec(url)?.[1]);
    const job = jobs[number]!;
    if (url.startsWith("/v1/batches/")) {
      const done = ++job.asked > polls;
      const counts = { total: job.lines.length, completed: done ? job.lines.length : 0, failed: 0 };
      return json(200, {
        id: `job-${number}`,
        status: done ? "completed" : "in_progress",
        request_counts: counts,
        output_file_id: `out-${number}`,
      });
    }
    // Results come in another order than the requests.
    const lines = [...job.lines].reverse().map(({ custom_id, body: { prompt } }) =>
      refuses(Number(custom_id))
        ? { custom_id, response: null, error: { message: "expired" } }
        : tooLong(Number(custom_id))
          ? {
              custom_id,
              response: { status_code: 400, body: { error: { message: "the prompt is too long" } } },
            }
          : {
              custom_id,
              response: {
                status_code: 200,
                body: {
                  model: "m",
                  choices: [{ text: answerTo(prompt), finish_reason: "stop" }],
                  usage: { prompt_tokens: 9, completion_tokens: 9 },
                },
              },
            },
    );
    response.writeHead(200, { "content-type": "application/jsonl" });
    response.end(lines.map((line) => JSON.stringify(line)).join("\n"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  closing.push(close);
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, jobs };
}

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function studyAt(base: string): Promise<Study> {
  const model = { address: "openai:big", base, batch: true, wait: 0.01, retries: 4 };
  const study = studyOf(
    await temporaryFolder(),
    StudyConfig.parse({ name: "test", generate: { models: [model] } }),
  );
  await writeCorpus(study, madeUpStories({ train: 4, test: 12 }));
  return study;
}

test("a study's titles are sent as one job, and each result is assigned to its title", async () => {
  const server = await batchServer(3);
  const study = await studyAt(server.base);
  await runStage(generate, study, {}, quietEffects({ env: {} }));
  const generations = await readGenerations(study);
  expect(generations).toHaveLength(12);
  for (const { text, title } of generations) expect(text).toBe(`A story about ${title}, that ends well.`);
  expect(server.jobs.map(({ lines }) => lines.length)).toEqual([12]);
});

test("a run that is interrupted while it waits returns to the same job", async () => {
  const server = await batchServer(6);
  const study = await studyAt(server.base);
  const interruption = new AbortController();
  const cut = runStage(generate, study, {}, quietEffects({ env: {}, signal: interruption.signal }));
  while (server.jobs.length === 0 || server.jobs[0]!.asked < 2) await new Promise((go) => setTimeout(go, 5));
  interruption.abort(new Error("stop"));
  await expect(cut).rejects.toThrow();
  await runStage(generate, study, {}, quietEffects({ env: {} }));
  expect(await readGenerations(study)).toHaveLength(12);
  expect(server.jobs).toHaveLength(1);
});

test("requests that a job did not complete are sent again individually", async () => {
  let first = true;
  const server = await batchServer(1, (number) => first && number % 3 === 0);
  const study = await studyAt(server.base);
  await runStage(generate, study, {}, quietEffects({ env: {} }));
  const failed = (await readGenerations(study)).filter(({ outcome }) => outcome === "failed");
  expect(failed.map(({ reason }) => reason)).toEqual(["expired", "expired", "expired", "expired"]);
  first = false;
  await runStage(generate, study, {}, quietEffects({ env: {} }));
  expect((await readGenerations(study)).every(({ outcome }) => outcome === "text")).toBe(true);
  expect(server.jobs.map(({ lines }) => lines.length)).toEqual([12, 4]);
});

test("requests that a job refuses for good are kept with the reason, and are not sent again", async () => {
  const server = await batchServer(
    1,
    () => false,
    (number) => number < 2,
  );
  const study = await studyAt(server.base);
  for (let run = 0; run < 2; run++) {
    await runStage(generate, study, {}, quietEffects({ env: {} }));
    const failed = (await readGenerations(study)).filter(({ outcome }) => outcome === "failed");
    expect(failed.map(({ reason, transient }) => [reason, transient])).toEqual([
      ["400 the prompt is too long", undefined],
      ["400 the prompt is too long", undefined],
    ]);
  }
  expect(server.jobs).toHaveLength(1);
});
