import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { LlamaContext } from "node-llama-cpp";
import { expect, test } from "vitest";
import { batchEvaluatorOf } from "../../src/llm/llama/batch-evaluator.ts";
import { llamaBinding } from "../../src/llm/llama/loading.ts";

const root = new URL("../../", import.meta.url);

test("the library whose private API is used is pinned to one version", async () => {
  const { devDependencies, optionalDependencies } = JSON.parse(
    await readFile(new URL("package.json", root), "utf8"),
  );
  const version = devDependencies["node-llama-cpp"];
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  // The published package depends on the builds itself: they must have the same version.
  const builds = Object.entries(optionalDependencies).filter(([name]) => name.startsWith("@node-llama-cpp/"));
  expect(builds.length).toBeGreaterThan(3);
  for (const build of builds) expect(build).toEqual([build[0], version]);
});

test("a library without a required private function is refused at the start, with its name", async () => {
  const llama = await llamaBinding();
  const model = await llama.loadModel({ modelPath: fileURLToPath(new URL("models/tiny-love.gguf", root)) });
  const context = await model.createContext({ contextSize: 64 });
  expect(() => batchEvaluatorOf(model, context)).not.toThrow();
  const changed = Object.create(context, {
    _ctx: { value: Object.create(Reflect.get(context, "_ctx"), { decodeBatch: { value: undefined } }) },
  }) as LlamaContext;
  expect(() => batchEvaluatorOf(model, changed)).toThrow(
    "node-llama-cpp is not the version that Tiny Love needs: it lacks _ctx.decodeBatch",
  );
  const other = Object.create(model, { _llama: { value: {} }, _model: { value: undefined } });
  expect(() => batchEvaluatorOf(other, context)).toThrow(
    "lacks _model, AddonSampler.applyConfig, AddonSampler.dispose",
  );
  await context.dispose();
  await model.dispose();
});
