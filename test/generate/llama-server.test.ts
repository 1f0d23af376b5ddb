import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { embeddedModelFile } from "../../src/llm/llama.ts";
import type { Generation } from "../../src/study/generation.ts";
import { llamaPackages, startLlamaServer } from "../helpers/llama-server.ts";
import type { PythonServer } from "../helpers/python-server.ts";
import { endOfText, writeTinyModel } from "../helpers/tiny-model.ts";
import { wordsOf } from "../helpers/words.ts";
import { temporaryFolder } from "../helpers/world.ts";
import { fiveTitles, generate, lostOrDoubled, manyTitles, newStudy, tinylove } from "./served.ts";

// llama.cpp's own server, if Python is available: see `llamaPackages`.
const packages = await llamaPackages();
const there = "missing" in packages ? undefined : packages;
if ("missing" in packages) test.skip(`skipped: ${packages.missing}`, () => {});

const byModel = (generations: readonly Generation[], name: string) =>
  generations.filter(({ model }) => model.name === name);

describe.skipIf(!there)("the embedded model behind llama.cpp's server", () => {
  let server: PythonServer;
  beforeAll(async () => {
    server = await startLlamaServer(there!, embeddedModelFile);
  });
  afterAll(() => server?.kill());

  const served = (settings = {}) => ({
    address: "openai:tiny-love",
    name: "served",
    base: server.base,
    ...settings,
  });

  test("it writes what `llama:` writes, with equal probabilities, and stops at the next title", async () => {
    const inside = { address: "llama:embedded", name: "inside", threads: 1, logProbabilities: true };
    const models = [inside, served({ logProbabilities: true })];
    const { code, generations } = await generate(await newStudy({ models, most: 200 }));
    expect(code).toBe(0);
    const remote = byModel(generations, "served");
    const local = byModel(generations, "inside");
    expect(remote).toHaveLength(fiveTitles.length);
    expect(remote.map(({ title, text }) => [title, text])).toEqual(
      local.map(({ title, text }) => [title, text]),
    );
    for (const [at, { logProbabilities, tokens, raw }] of remote.entries()) {
      expect(raw).not.toContain("Title:");
      expect(tokens).toEqual(local[at]!.tokens);
      // The server counts the tokens of the stop, but returns no log-probabilities for them.
      expect(logProbabilities!.length).toBeGreaterThan(50);
      for (const [token, each] of logProbabilities!.entries())
        expect(Math.abs(each - local[at]!.logProbabilities![token]!)).toBeLessThan(0.02);
    }
    expect(remote.some(({ tokens }) => tokens.generated < 200)).toBe(true);
  });

  test("`try` streams the text that `generate` writes", async () => {
    const folder = await newStudy({ models: [served()], titles: fiveTitles.slice(0, 1) });
    const { generations } = await generate(folder);
    const { code, printed } = await tinylove([
      "try",
      fiveTitles[0]!,
      "--study",
      folder,
      "--prompt",
      "title-only",
    ]);
    expect(code).toBe(0);
    expect(wordsOf(printed.replace("|", "")).join(" ")).toContain(wordsOf(generations[0]!.text).join(" "));
  });

  test("a prompt that is too long for the model fails in the server's words, and the others are written", async () => {
    const long = Array.from({ length: 600 }, (_, at) => `word${at}`).join(" ");
    const { generations } = await generate(
      await newStudy({ models: [served()], titles: [long, "Two Lamps"] }),
    );
    const outcomeOf = (title: string) => generations.find((each) => each.title === title)!;
    expect(outcomeOf("Two Lamps").text).toMatch(/\w/);
    expect(outcomeOf(long)).toMatchObject({ outcome: "failed", reason: expect.stringMatching(/context/) });
    expect(outcomeOf(long).transient ?? false).toBe(false);
  });

  const twenty = manyTitles(20);

  test("if the server is killed and restarted, no title is lost or doubled", async () => {
    const models = [served({ retries: 10, wait: 0.2, parallel: 4 })];
    const folder = await newStudy({ models, titles: twenty, most: 120 });
    let restarted: Promise<void> | undefined;
    const { code, calls, generations } = await generate(folder, async ({ answered }) => {
      if (answered.length !== 6) return;
      await server.kill();
      restarted = sleep(500).then(() => server.restart());
    });
    await restarted;
    expect(code).toBe(0);
    expect(calls.lost).toBeGreaterThan(0);
    expect(await lostOrDoubled(folder, generations, 20)).toEqual([]);
  });

  test("if it stays down, missing titles fail, and only these are requested once the server is back", async () => {
    const models = [served({ retries: 1, wait: 0.01, parallel: 4 })];
    const folder = await newStudy({ models, titles: twenty, most: 120 });
    const first = await generate(folder, ({ answered }) => answered.length === 6 && server.kill());
    const failed = first.generations.filter(({ outcome }) => outcome === "failed");
    expect(first.generations).toHaveLength(20);
    expect(failed.length).toBeGreaterThan(10);
    expect(failed.length).toBeLessThan(20);
    for (const { reason } of failed) expect(reason).toMatch(/lost connection/);

    await server.restart();
    const second = await generate(folder);
    expect(second.calls.answered).toEqual(failed.map(() => 200));
    expect(await lostOrDoubled(folder, second.generations, 20)).toEqual([]);
  });

  test("if it is killed during `try`, the command reports it", async () => {
    const folder = await newStudy({ models: [served()], most: 400 });
    const killedAtSecondPiece = (body: ReadableStream<Uint8Array>) => {
      let pieces = 0;
      return body.pipeThrough(
        new TransformStream({
          async transform(piece, stream) {
            if (++pieces === 2) await server.kill();
            stream.enqueue(piece);
          },
        }),
      );
    };
    const { code, told } = await tinylove(
      ["try", "The Sea", "--study", folder],
      (_, { body, headers }) => new Response(killedAtSecondPiece(body!), { headers }),
    );
    expect(code).toBe(1);
    expect(told).toMatch(/lost connection|broke off|broken reply/);
    await server.restart();
  });
});

describe.skipIf(!there)("SmolLM2-135M-Instruct behind llama.cpp's server", () => {
  test("it writes a chat's stories, the same streamed or not", async () => {
    const server = await startLlamaServer(there!, there!.smolLm2);
    try {
      const models = [
        {
          address: "openai:SmolLM2-135M-Instruct",
          base: server.base,
          api: "chat",
          prompt: "chat.md",
          logProbabilities: true,
          // Alone and without a prompt cache, so that a text is reproducible.
          parallel: 1,
        },
      ];
      const folder = await newStudy({ models, titles: fiveTitles.slice(0, 3) });
      const { code, generations } = await generate(folder);
      expect(code).toBe(0);
      expect(await lostOrDoubled(folder, generations, 3)).toEqual([]);
      for (const { text, tokens, logProbabilities } of generations) {
        expect(text).not.toMatch(/<\||^title|^story:/i);
        expect(wordsOf(text).length).toBeGreaterThan(15);
        expect(tokens.prompt).toBeGreaterThan(20);
        expect(logProbabilities!.length).toBeGreaterThan(20);
      }
      const title = generations[0]!.title;
      const { printed } = await tinylove(["try", title, "--study", folder]);
      const first = wordsOf(generations[0]!.text).slice(0, 10).join(" ");
      expect(wordsOf(printed).join(" ")).toContain(first);
    } finally {
      await server.kill();
    }
  });
});

// A model with a planted language: it thinks "hm so hm so", then writes about the sea.
describe.skipIf(!there)("a thinking model behind llama.cpp's server", () => {
  let model = "";
  beforeAll(async () => {
    model = join(await temporaryFolder(), "thinking.gguf");
    const words = [" hm", " so", "</think>", " love", " the", " sea", " waits", "\n", "\n\n"];
    const story = { " love": 1, " the": 1, " sea": 1, " waits": 1 };
    await writeTinyModel(model, {
      words,
      transitions: {
        "\n": { " hm": 1 },
        " hm": { " so": 1 },
        " so": { " hm": 1, "</think>": 1 },
        "</think>": { " love": 1 },
        "\n\n": { " love": 1 },
        ...Object.fromEntries(Object.keys(story).map((word) => [word, { ...story, [endOfText]: 0.2 }])),
      },
      metadata: { "tokenizer.chat_template": thinkingTemplate },
    });
  });

  describe.each(["deepseek", "none"] as const)("with thinking in the format %s", (reasoningFormat) => {
    let server: PythonServer;
    beforeAll(async () => {
      server = await startLlamaServer(there!, model, { reasoningFormat });
    });
    afterAll(() => server?.kill());

    const storyWords = /^(love|the|sea|waits| )+$/;

    async function written(settings: Record<string, unknown>, most = 100) {
      const thinker = {
        address: "openai:thinking",
        base: server.base,
        api: "chat",
        prompt: "chat.md",
        temperature: 1,
      };
      const folder = await newStudy({ models: [{ ...thinker, ...settings }], most });
      return { folder, ...(await generate(folder)) };
    }

    test("its thinking is recorded and not shown to readers", async () => {
      const { code, folder, generations } = await written({ logProbabilities: true });
      expect(code).toBe(0);
      expect(await lostOrDoubled(folder, generations, fiveTitles.length)).toEqual([]);
      for (const { text, thinking, tokens, logProbabilities } of generations) {
        expect(text).toMatch(storyWords);
        expect(thinking).toMatch(/^ ?hm so/);
        expect(tokens.generated).toBeGreaterThan(wordsOf(text).length + wordsOf(thinking!).length);
        // Each word is a token; those of the thinking are not counted as the story's.
        if (logProbabilities)
          expect(Math.abs(logProbabilities.length - wordsOf(text).length)).toBeLessThan(2);
      }
      expect(generations.some(({ logProbabilities }) => logProbabilities)).toBe(
        reasoningFormat === "deepseek",
      );
      const { printed } = await tinylove(["try", "The Sea", "--study", folder]);
      expect(printed).toMatch(/sea|love/);
      expect(printed).not.toMatch(/hm|think/);
    });

    test.each([{ reasoning: "none" }, { send: { chat_template_kwargs: { enable_thinking: false } } }])(
      "with %j it does not think",
      async (settings) => {
        const { code, generations } = await written(settings);
        expect(code).toBe(0);
        for (const { text, thinking, sent } of generations) {
          expect(text).toMatch(storyWords);
          expect(thinking).toBeUndefined();
          expect(sent).toMatchObject({ chat_template_kwargs: { enable_thinking: false } });
        }
      },
    );

    test("spending all tokens on thinking is reported as such", async () => {
      const { told, generations } = await written({}, 2);
      for (const { outcome, reason } of generations)
        expect([outcome, reason]).toEqual([
          "failed",
          expect.stringMatching(/all 2 tokens went into thinking/),
        ]);
      expect(told).toMatch(/went into thinking/);
    });
  });
});

/** Like Qwen's: the template opens the thinking, or adds an empty block if it is switched off. */
const thinkingTemplate = `{%- for message in messages %}
{{- '<|im_start|>' + message.role + '\\n' }}
{%- if message.role == 'assistant' and message.reasoning_content %}{{- '<think>\\n' + message.reasoning_content + '\\n</think>\\n\\n' }}{%- endif %}
{{- message.content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}
{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- else %}{{- '<think>\\n' }}{%- endif %}{%- endif %}`;
