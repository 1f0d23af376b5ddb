import { appendFile, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { getLlama, LlamaLogLevel } from "node-llama-cpp";
import { expect, test } from "vitest";
import { embeddingInputs, embeddingsOf, openEmbedder } from "../../src/influence/embedder.ts";
import { embeddedModelFile } from "../../src/llm/llama.ts";
import { sha256 } from "../../src/text/hash.ts";
import { exists, filesUnder } from "../../src/workbench/files.ts";
import { quietEffects, temporaryFolder, temporaryStudy } from "../helpers/world.ts";

const texts = [
  "She waved.",
  "He kept the ticket.",
  "We danced.",
  "The ferry was late.",
  "Rain, and no coat.",
];

test("a text's vector is the mean of the model's hidden states over its tokens", async () => {
  const text = "She kept the ticket in her coat.";
  const embedder = await openEmbedder(embeddedModelFile, 1);
  const pooled = await embedder.of(text);
  await embedder.close();
  // Without pooling a context gives the last token's state; the states of a causal model are the last states of the text's
  // prefixes.
  const llama = await getLlama({
    build: "never",
    skipDownload: true,
    progressLogs: false,
    logLevel: LlamaLogLevel.error,
  });
  const model = await llama.loadModel({ modelPath: embeddedModelFile, useMmap: false });
  const context = await model.createEmbeddingContext({ contextSize: 256, threads: 1 });
  const tokens = model.tokenize(text);
  const states: (readonly number[])[] = [];
  for (let end = 1; end <= tokens.length; end++)
    states.push((await context.getEmbeddingFor(tokens.slice(0, end))).vector);
  await llama.dispose();
  const mean = pooled.map((_, at) => states.reduce((sum, state) => sum + state[at]!, 0) / states.length);
  const far = Math.hypot(...pooled.map((value, at) => value - mean[at]!));
  expect(tokens.length).toBeGreaterThan(5);
  expect(far / Math.hypot(...pooled)).toBeLessThan(0.01);
});

test("embeddings from before an interruption are reused, and an incomplete line is ignored", async () => {
  const study = await temporaryStudy({ influence: { embeddings: "llama:embedded", threads: 1 } });
  const stop = new AbortController();
  let steps = 0;
  const progress = () => ({
    to() {},
    step: () => void (++steps === 2 && stop.abort(new Error("stopped"))),
    end() {},
  });
  const effects = quietEffects({ signal: stop.signal, progress });
  await expect(embeddingsOf(texts, study, effects)).rejects.toThrow("stopped");
  const [file] = await filesUnder(study.path(".tinylove/embeddings"));
  expect((await readFile(file!, "utf8")).trim().split("\n")).toHaveLength(2);
  await appendFile(file!, '{"text":"Rain');
  const whole = await embeddingsOf(texts, study, quietEffects());
  expect(texts.every((text) => whole!.vectors.get(text)?.length === 192)).toBe(true);
  const [line] = (await readFile(file!, "utf8")).split("\n");
  expect(JSON.parse(line!).text).toBe(texts[0]);
});

test("a model of a hub is downloaded once, into the cache", async () => {
  const content = await readFile(embeddedModelFile);
  let fetched = 0;
  const server = createServer(({ method }, response) => {
    if (method === "GET") fetched++;
    response.writeHead(200, { etag: `"${sha256(content)}"`, "content-length": content.length });
    response.end(method === "GET" ? content : undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cache = await temporaryFolder();
  const env = {
    TINYLOVE_CACHE: cache,
    HF_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  };
  const study = await temporaryStudy({
    influence: { embeddings: "hf:tiny/love/tiny-love.gguf", threads: 1 },
  });
  for (const some of [texts.slice(0, 2), texts]) {
    const found = await embeddingsOf(some, study, quietEffects({ env }));
    expect(found!.vectors.size).toBe(some.length);
  }
  server.close();
  expect(fetched).toBe(1);
  expect(await exists(join(cache, "hub/tiny/love/tiny-love.gguf"))).toBe(true);
});

test("without a model no embedding is requested", async () => {
  const study = await temporaryStudy();
  expect(await embeddingsOf(texts, study, quietEffects())).toBeUndefined();
  expect(embeddingInputs(study)).toEqual([]);
  expect(await exists(study.path(".tinylove"))).toBe(false);
});

test.each([
  ["openai:gpt", "influence.embeddings: openai:gpt is not a model address"],
  ["hf:tiny/love.gguf", "influence.embeddings: hf:tiny/love.gguf is not a file's address"],
  ["llama:none.gguf", /influence\.embeddings: no model file .*none\.gguf/],
])("%s is refused in one line", async (embeddings, message) => {
  const study = await temporaryStudy({ influence: { embeddings } });
  await expect(embeddingsOf(texts, study, quietEffects())).rejects.toThrow(message);
});
