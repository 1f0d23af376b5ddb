import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { embeddedModelFile } from "../../src/llm/llama.ts";
import { runTrainer } from "../../src/llm/trainer.ts";
import { type PythonServer, startPythonServer } from "../helpers/python-server.ts";
import { wordsOf } from "../helpers/words.ts";
import { quietEffects, temporaryFolder } from "../helpers/world.ts";
import { fiveTitles, generate, lostOrDoubled, manyTitles, newStudy, tinylove } from "./served.ts";

// `transformers serve` with the embedded model as a folder. It runs if TINYLOVE_PYTHON names a Python with the
// trainer's packages and `transformers[serving]`.
const python = process.env["TINYLOVE_PYTHON"];

describe.skipIf(!python)("the embedded model behind `transformers serve`", () => {
  let folder = "";
  let server: PythonServer;
  beforeAll(async () => {
    const made = await temporaryFolder();
    const config = { model: embeddedModelFile, out: made, forms: ["merged"] };
    await runTrainer(
      { command: "export", config, folder: join(made, "run"), label: "export" },
      quietEffects(),
    );
    folder = join(made, "merged");
    // A chat template: the user's message is the prompt.
    await writeFile(join(folder, "chat_template.jinja"), "{{ messages[-1].content }}");
    server = await startPythonServer({
      python: python!,
      env: { ...process.env, OMP_NUM_THREADS: "1", HF_HUB_OFFLINE: "1" },
      source: "from transformers.cli.transformers import main\nmain()\n",
      argv: (port) => [
        ..."transformers serve --device cpu --host 127.0.0.1 --port".split(" "),
        String(port),
        folder,
      ],
    });
  });
  afterAll(() => server?.kill());

  /** This server refuses unknown fields, so they are not sent. */
  const served = (settings = {}) => ({
    address: `openai:${folder}`,
    name: "served",
    base: server.base,
    topK: "provider",
    minP: "provider",
    repeatPenalty: "provider",
    send: { min_tokens: null },
    ...settings,
  });

  test("it writes what `llama:` writes", async () => {
    const inside = { address: "llama:embedded", name: "inside", threads: 1, flashAttention: false };
    const { code, generations } = await generate(await newStudy({ models: [inside, served()] }));
    expect(code).toBe(0);
    const textsOf = (name: string) =>
      generations.filter(({ model }) => model.name === name).map(({ title, text }) => [title, text]);
    expect(textsOf("served")).toHaveLength(fiveTitles.length);
    expect(textsOf("served")).toEqual(textsOf("inside"));
  });

  test("`try` streams the text that `generate` writes, as a completion and as a chat", async () => {
    const chat = served({ name: "chat", api: "chat" });
    const folder = await newStudy({ models: [served(), chat], titles: fiveTitles.slice(0, 1) });
    const { generations } = await generate(folder);
    for (const name of ["served", "chat"]) {
      const { text } = generations.find(({ model }) => model.name === name)!;
      const { printed } = await tinylove(["try", fiveTitles[0]!, "--study", folder, "--model", name]);
      expect(wordsOf(printed.replace("|", "")).join(" ")).toContain(wordsOf(text).join(" "));
    }
  });

  test("with a temperature it draws other texts, the same for the same seeds", async () => {
    const models = [served(), served({ name: "drawn", temperature: 1, parallel: 1 })];
    const texts = async () => {
      const { generations } = await generate(await newStudy({ models, most: 20 }));
      const of = (name: string) =>
        generations.filter(({ model }) => model.name === name).map(({ raw }) => raw);
      return { likeliest: of("served"), drawn: of("drawn") };
    };
    const { likeliest, drawn } = await texts();
    expect(drawn.filter((text, at) => text === likeliest[at])).toEqual([]);
    expect((await texts()).drawn).toEqual(drawn);
  });

  test("refused fields are left out by all parallel requests, and recorded", async () => {
    const { address, name, base } = served();
    const { code, told, generations } = await generate(
      await newStudy({ models: [{ address, name, base, parallel: 4 }], most: 10 }),
    );
    expect(code).toBe(0);
    expect(told).toMatch(/refuses top_k, .*Unexpected fields in the request/);
    expect(generations.map(({ outcome }) => outcome)).not.toContain("failed");
    for (const { settings, sent } of generations) {
      expect(settings).toMatchObject({ temperature: 0, topK: "provider", minP: "provider" });
      expect(Object.keys(sent!).sort()).toEqual(["max_tokens", "seed", "stop", "temperature", "top_p"]);
    }
  });

  test("a refused field from `send:` is reported in the server's words", async () => {
    const models = [served({ send: { min_tokens: null, mood: "glad" } })];
    const { code, told } = await generate(await newStudy({ models, titles: fiveTitles.slice(0, 2) }));
    expect(code).toBe(1);
    expect(told).toContain("Unexpected fields in the request: {'mood'}");
  });

  test("if the server is killed and restarted, no title is lost or doubled", async () => {
    const titles = manyTitles(12);
    const models = [served({ retries: 30, wait: 0.5, parallel: 4 })];
    const study = await newStudy({ models, titles, most: 40 });
    let restarted: Promise<void> | undefined;
    const { code, calls, generations } = await generate(study, async ({ answered }) => {
      if (answered.length !== 4) return;
      await server.kill();
      restarted = sleep(100).then(() => server.restart());
    });
    await restarted;
    expect(code).toBe(0);
    expect(calls.lost).toBeGreaterThan(0);
    expect(await lostOrDoubled(study, generations, titles.length)).toEqual([]);
  });
});
