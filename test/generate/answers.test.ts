import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { compose } from "../../src/compose/compose.ts";
import { generate } from "../../src/generate/generate.ts";
import { StudyConfig } from "../../src/study/config.ts";
import type { Generation } from "../../src/study/generation.ts";
import { readGenerations, stimuliFile } from "../../src/workbench/artefacts.ts";
import { readText } from "../../src/workbench/files.ts";
import { runStage } from "../../src/workbench/manifest.ts";
import { studyOf } from "../../src/workbench/study.ts";
import { madeUpStories, writeCorpus } from "../helpers/corpus.ts";
import { quietEffects, type RecordedEffects, temporaryFolder } from "../helpers/world.ts";

/** What the server sends: a status, headers and a body; a string is sent unchanged. */
interface Sent {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

type Body = Readonly<Record<string, unknown>>;
type Answering = (body: Body, number: number, headers: IncomingMessage["headers"], url: string) => Sent;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A local server that replies as configured, and records the requests. */
async function serverThat(answer: Answering, milliseconds = 0) {
  const asked: Body[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const body = JSON.parse(text) as Body;
    const number = asked.push(body) - 1;
    const {
      status = 200,
      headers = {},
      body: sent,
    } = answer(body, number, request.headers, request.url ?? "");
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof sent === "string" ? sent : JSON.stringify(sent));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, asked };
}

const words = Array.from({ length: 70 }, (_, at) => `word${at}`).join(" ");
const story = `We sat on the pier and shared an orange. ${words}.\n\nThe ferry never came, and nobody minded.`;
const plan = "The user wants a story. I will set it on a pier.";

const usage = { prompt_tokens: 50, completion_tokens: 120 };
const chat = (message: unknown, finish = "stop", counted: unknown = usage): Sent => ({
  body: {
    model: "served",
    choices: [{ index: 0, message, finish_reason: finish }],
    ...(counted ? { usage: counted } : {}),
  },
});
const says = (content: unknown, finish?: string): Sent => chat({ role: "assistant", content }, finish);

/** The title in a request. */
const titleIn = (body: Body): string =>
  /to the title "(.*?)"/.exec((body["messages"] as { content: string }[]).at(-1)!.content)![1]!;

interface Setting {
  readonly model?: Readonly<Record<string, unknown>>;
  readonly generate?: Readonly<Record<string, unknown>>;
  readonly titles?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly folder?: string;
}

/** Stories that are long enough for the clip, and share no words with what the server writes. */
const corpusOf = (titles: number) =>
  madeUpStories({ train: 5, test: titles }).map((each) => ({
    ...each,
    text: Array.from({ length: 60 }, (_, at) => `${each.id}w${at}`).join(" "),
  }));

async function studyAt(base: string, { model = {}, generate = {}, titles = 2, folder }: Setting = {}) {
  const all = { address: "openai:m", base, api: "chat", timeout: 5, wait: 0.005, retries: 3, ...model };
  const settings = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  const study = studyOf(
    folder ?? (await temporaryFolder()),
    StudyConfig.parse({
      name: "test",
      generate: { models: [settings], prompts: ["chat"], ...generate },
      compose: { words: { least: 20, most: 30 }, forms: 1, human: 1, machine: 1 },
    }),
  );
  const stories = corpusOf(titles);
  await writeCorpus(study, stories);
  return study;
}

async function generated(
  study: Awaited<ReturnType<typeof studyAt>>,
  effects: RecordedEffects = quietEffects({ env: {} }),
) {
  await runStage(generate, study, {}, effects);
  return readGenerations(study);
}

const anAnswer = (answer: Answering, setting?: Setting) =>
  serverThat(answer).then(async ({ base, asked }) => {
    const study = await studyAt(base, setting);
    const effects = quietEffects({ env: setting?.env ?? {} });
    const generations = await generated(study, effects);
    return { generations, asked, study, effects };
  });

describe("a clean story results from any reply of a server", () => {
  const ways: Readonly<Record<string, (title: string) => Sent>> = {
    "thinking in <think>": () => says(`<think>\n${plan}\n</think>\n\n${story}`),
    "thinking in <thinking>": () => says(`<thinking>${plan}</thinking>\n${story}`),
    "thinking that was not opened": () => says(`${plan}\n</think>\n\n${story}`),
    "thinking in [THINK]": () => says(`[THINK]${plan}[/THINK]${story}`),
    "thinking in Kimi's signs": () => says(`◁think▷${plan}◁/think▷${story}`),
    reasoning_content: () => chat({ content: story, reasoning_content: plan }),
    reasoning: () => chat({ content: story, reasoning: plan }),
    "harmony channels": () =>
      says(
        `<|channel|>analysis<|message|>${plan}<|end|><|start|>assistant<|channel|>final<|message|>${story}`,
      ),
    "parts of thinking and of text": () =>
      says([
        { type: "thinking", thinking: [{ type: "text", text: plan }] },
        { type: "text", text: story },
      ]),
    "parts of text alone": () =>
      says([
        { type: "text", text: story.slice(0, 40) },
        { type: "text", text: story.slice(40) },
      ]),
    "a heading": (title) => says(`# ${title}\n\n${story}`),
    "a bold title": (title) => says(`**${title}**\n\n${story}`),
    "a labelled title": (title) => says(`Title: ${title}\n\n${story}`),
    "two labels": (title) => says(`Title: ${title}\nStory: ${story}`),
    "quotation marks": () => says(`"${story}"`),
    "a block quote": () => says(`> ${story.replace(/\n/g, "\n> ")}`),
    "an introduction and a word count": () =>
      says(`Here is a story of about 100 words:\n\n${story}\n\n(Word count: 87)`),
    "a note below a rule": () => says(`${story}\n\n---\n*Note: I kept the tone light.*`),
    "a template token": () => says(`${story}<|im_end|>`),
    "a turn of its own": () => says(`${story}<|im_end|>\n<|im_start|>user\nAnother story, please.`),
    "no usage": () => chat({ content: story }, "stop", null),
  };

  test.each(Object.keys(ways))("%s", async (way) => {
    const { generations, study } = await anAnswer((body) => ways[way]!(titleIn(body)));
    for (const each of generations) {
      expect(each).toMatchObject({ outcome: "text", text: story });
      expect(each.reason).toBeUndefined();
      expect(each.thinking ?? plan).toBe(plan);
      expect(each.thinking !== undefined).toBe(/think|reason|harmony/.test(way));
      expect((each.removed ?? []).length > 0).toBe(
        /head|title|label|quot|introduction|note|token|turn|harmony/.test(way),
      );
      expect(each.tokens.estimated).toBe(way === "no usage" ? true : undefined);
      expect(each.raw).not.toBe("");
    }
    await runStage(compose, study, {}, quietEffects());
    const shown = await readText(study.path(stimuliFile));
    expect(shown).not.toMatch(/think|<\||Title:|Story:|#|pier\.\\n|user wants|Word count|Note/i);
  });
});

describe("a reply without a story has the right fault", () => {
  const only = (generations: readonly Generation[]) =>
    generations.map(({ outcome, reason, text }) => [outcome, text, reason]);

  test.each([
    ["empty, with reasoning_content", chat({ content: "", reasoning_content: plan }, "length")],
    ["null, with reasoning", chat({ content: null, reasoning: plan }, "length")],
    ["empty at the limit", chat({ content: "" }, "length")],
    ["cut off inside <think>", says(`<think>\n${plan}`, "length")],
  ])("all tokens were spent on thinking: %s", async (_, sent) => {
    const { generations, asked, effects } = await anAnswer(() => sent, { generate: { attempts: 3 } }).catch(
      async (thrown) => ({
        generations: [],
        asked: [{}, {}],
        effects: { logged: [String(thrown.message), thrown.hint] },
      }),
    );
    expect(generations).toEqual([]);
    expect(asked).toHaveLength(2);
    expect(effects.logged.join("\n")).toContain("all 120 tokens went into thinking");
    expect(effects.logged.join("\n")).toContain(
      "raise the model's `reasoningTokens`, or set its `reasoning: none`",
    );
  });

  test("a truncated reply without any tag is thinking, if the model's template opens it", async () => {
    const { generations } = await anAnswer((_, number) =>
      number === 0
        ? says(`${plan}\n</think>\n\n${story}`)
        : says(`${plan} And then, since the story`, "length"),
    );
    expect(generations.map(({ text }) => text).sort()).toEqual(["", story]);
    expect(generations.find(({ text }) => text === "")!.reason).toMatch(/went into thinking/);
  });

  test("markup that cannot be cleaned is drawn again, and never shown", async () => {
    const { generations } = await anAnswer(
      (_, number) => says(number < 2 ? `${story}<br>And more.` : story),
      {
        generate: { attempts: 3 },
      },
    );
    expect(only(generations).filter(([outcome]) => outcome === "failed")).toEqual(
      Array.from({ length: 2 }, () => ["failed", "", "not clean: a tag (<br>)"]),
    );
    expect(generations.filter(({ outcome }) => outcome === "text")).toHaveLength(2);
    const { generations: left } = await anAnswer((body) =>
      says(titleIn(body).includes("test-0") ? `## Part one\n\n${story}` : story),
    );
    expect(only(left).sort()[0]).toEqual(["failed", "", "not clean: a heading (## Part one)"]);
  });

  test("a story for another title is a fault", async () => {
    const { generations } = await anAnswer((body) =>
      says(titleIn(body).includes("test-0") ? `Title: A Walk\n\n${story}` : story),
    );
    expect(only(generations).sort()[0]).toEqual(["failed", "", "not clean: a label (Title:)"]);
  });

  test("log-probabilities are those of the story, not of the thinking before it", async () => {
    const tokens = [...plan.match(/\S+\s*/g)!, ...story.match(/\S+\s*/g)!];
    const content = tokens.map((token, at) => ({ token, logprob: -at }));
    const reply = (message: unknown): Sent => ({
      body: { choices: [{ message, finish_reason: "stop", logprobs: { content } }], usage },
    });
    const asked = { model: { logProbabilities: true } };
    const apart = await anAnswer(() => reply({ content: story, reasoning_content: plan }), asked);
    expect(apart.generations[0]!.logProbabilities).toEqual(
      content.slice(-story.match(/\S+/g)!.length).map(({ logprob }) => logprob),
    );
    const mixed = await anAnswer(() => reply({ content: `<think>${plan}</think>${story}` }), asked);
    expect(mixed.generations[0]!.logProbabilities).toBeUndefined();
  });

  test("a refusal in a separate field is a refusal", async () => {
    const { generations } = await anAnswer((body) =>
      chat(titleIn(body).includes("test-0") ? { content: null, refusal: "I will not." } : { content: story }),
    );
    expect(generations.map(({ outcome }) => outcome).sort()).toEqual(["refused", "text"]);
  });

  test("an error in a reply with status 200 is reported in the server's words, and classified", async () => {
    const { generations, asked } = await anAnswer((body, number) =>
      titleIn(body).includes("test-0")
        ? { body: { error: { message: "Prompt is too long for this model", code: 400 } } }
        : number < 3
          ? { body: { error: { message: "Provider is overloaded" } } }
          : says(story),
    );
    const failed = generations.find(({ outcome }) => outcome === "failed")!;
    expect(failed.reason).toBe("400 Prompt is too long for this model (in a reply of status 200)");
    expect(failed.transient).toBeUndefined();
    expect(generations.filter(({ outcome }) => outcome === "text")).toHaveLength(1);
    expect(asked.length).toBeGreaterThan(2);
  });

  test.each([
    ["error", "the server ended the text with error: upstream gave up"],
    ["abort", "the server ended the text with abort: no reason given"],
  ])("half a story that ended with %s is a failure", async (finish, reason) => {
    const half = {
      body: {
        choices: [
          {
            message: { content: story.slice(0, 50) },
            finish_reason: finish,
            ...(finish === "error" && { error: { message: "upstream gave up" } }),
          },
        ],
        usage,
      },
    };
    const { generations } = await anAnswer(
      (body) => (titleIn(body).includes("test-0") ? half : says(story)),
      {
        model: { retries: 0 },
      },
    );
    expect(generations.find(({ outcome }) => outcome === "failed")).toMatchObject({
      reason,
      transient: true,
    });
  });

  test.each(["MAX_TOKENS", "model_length"])(
    "a text that ended at its limit, called %s, is cut short",
    async (finish) => {
      const { generations } = await anAnswer(() => says(story, finish));
      expect(generations[0]!.outcome).toBe("cut short");
    },
  );

  test("a plan is not a story, even without thinking tags", async () => {
    const aloud = `Okay, so I need to write a story of about 100 words. ${words} The title is given, so first I`;
    const { generations } = await anAnswer((body) =>
      titleIn(body).includes("test-0") ? says(aloud, "length") : says(story),
    );
    expect(generations.map(({ reason }) => reason).sort()[0]).toMatch(/^planning/);
  });

  test("a prompt that the filter refuses is a refusal, not a failure of the model", async () => {
    const { generations } = await anAnswer((body) =>
      titleIn(body).includes("test-0")
        ? { status: 400, body: { error: { message: "The response was filtered", code: "content_filter" } } }
        : says(story),
    );
    expect(generations.map(({ outcome }) => outcome).sort()).toEqual(["refused", "text"]);
  });

  test("odd token counts, and a reply sent as text, lose no story", async () => {
    const odd = {
      body: JSON.stringify({
        choices: [{ message: { content: story, reasoning: {} }, finish_reason: "stop", logprobs: [] }],
        usage: [],
      }),
      headers: { "content-type": "text/plain" },
    };
    const { generations } = await anAnswer(() => odd);
    expect(generations.map(({ text }) => text)).toEqual([story, story]);
    expect(generations[0]!.tokens.estimated).toBe(true);
  });

  test("thinking that a server counts only in the total is paid for", async () => {
    const counted = { prompt_tokens: 20, completion_tokens: 30, total_tokens: 1050 };
    const { generations } = await anAnswer(() => chat({ content: story }, "stop", counted));
    expect(generations[0]!.tokens).toEqual({ prompt: 20, generated: 1030 });
  });

  test("--again also repeats empty replies", async () => {
    let fixed = false;
    const server = await serverThat((body) =>
      titleIn(body).includes("test-0") && !fixed
        ? chat({ content: "", reasoning: plan }, "length")
        : says(story),
    );
    const study = await studyAt(server.base);
    expect((await generated(study)).filter(({ outcome }) => outcome === "failed")).toHaveLength(1);
    await generated(study);
    expect(server.asked).toHaveLength(2);
    fixed = true;
    await runStage(generate, study, { again: true }, quietEffects({ env: {} }));
    expect(server.asked).toHaveLength(3);
    expect((await readGenerations(study)).every(({ text }) => text === story)).toBe(true);
  });

  test("compose refuses markup that would reveal the origin, on either side, and names it", async () => {
    const { study } = await anAnswer(() => says(story));
    const stories = corpusOf(2);
    const composed = () => runStage(compose, study, {}, quietEffects());
    for (const [text, what] of [
      [`${words} &mdash; ${words}`, "an? entity, &mdash;"],
      [`${words} <i>${words}</i>`, "tag, <i>"],
      [`# A heading\n\n${words}`, "heading, # A heading"],
      [`The test-1 story\n\nWe ${words}`, "title line, The test-1 story"],
    ]) {
      await writeCorpus(study, [...stories.slice(0, -1), { ...stories.at(-1)!, text: text! }]);
      await expect(composed()).rejects.toThrow(
        new RegExp(`the human story The test-1 story contains a ${what!.replace("an? ", "")}`),
      );
    }
    await writeCorpus(study, [
      ...stories.slice(0, -1),
      { ...stories.at(-1)!, text: `"Type <i> here," she said. ${words}` },
    ]);
    await expect(composed()).rejects.toThrow(/tag, <i>/);
    const allowed = studyOf(study.folder, {
      ...study.config,
      compose: { ...study.config.compose, allow: ["<i>"] },
    });
    await runStage(compose, allowed, {}, quietEffects());
  });
});

describe("fields are sent as each server expects them", () => {
  const fieldsOf = (body: Body) => {
    const { model: _, messages: __, prompt: ___, system: ____, ...fields } = body;
    return fields;
  };
  /** A server that refuses fields, in its own words, until they are left out. */
  const refusing =
    (refused: readonly string[], say: (field: string) => Sent): Answering =>
    (body) => {
      const field = refused.find((each) => each in body);
      return field ? say(field) : says(story);
    };

  test.each<[string, (field: string) => Sent]>([
    [
      "OpenAI",
      (field) => ({
        status: 400,
        body: {
          error: {
            message: `Unsupported parameter: '${field}' is not supported with this model.`,
            param: field,
            code: "unsupported_parameter",
          },
        },
      }),
    ],
    [
      "FastAPI",
      (field) => ({
        status: 422,
        body: {
          detail: [{ type: "extra_forbidden", loc: ["body", field], msg: "Extra inputs are not permitted" }],
        },
      }),
    ],
    [
      "an array",
      (field) => ({
        status: 400,
        body: [
          {
            error: {
              message: `Invalid JSON payload received. Unknown name "${field}": Cannot find field.`,
              status: "INVALID_ARGUMENT",
            },
          },
        ],
      }),
    ],
    [
      "a plain detail",
      (field) => ({ status: 422, body: { detail: `Unexpected keys in the request: {'${field}'}` } }),
    ],
    ["a plain message", (field) => ({ status: 400, body: { message: `unknown field ${field}` } })],
    [
      "plain text",
      (field) => ({ status: 400, headers: { "content-type": "text/plain" }, body: `${field}: unsupported` }),
    ],
  ])("a field refused in the words of %s is left out once, recorded and logged", async (_, say) => {
    const { generations, asked, effects } = await anAnswer(refusing(["top_k", "min_p", "min_tokens"], say), {
      titles: 12,
    });
    expect(generations.every(({ text }) => text === story)).toBe(true);
    for (const { sent, settings } of generations) {
      expect(Object.keys(sent!)).not.toContain("top_k");
      expect(sent).toMatchObject({ max_tokens: 200, temperature: 1, repetition_penalty: 1 });
      expect(settings).toMatchObject({
        topK: "provider",
        minP: "provider",
        leastTokens: "provider",
        temperature: 1,
      });
    }
    // Each of the first parallel requests may be refused the three fields; later ones omit them.
    expect(asked.length).toBeLessThanOrEqual(generations.length + 4 * 3);
    expect(
      effects.logged.filter((line) => /refuses top_k, min_p, min_tokens .*recorded so/.test(line)),
    ).toHaveLength(1);
  });

  test("a refused max_tokens is sent under its new name, never dropped", async () => {
    const { asked } = await anAnswer(
      refusing(["max_tokens"], () => ({
        status: 400,
        body: {
          error: { message: "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead." },
        },
      })),
    );
    expect(fieldsOf(asked.at(-1)!)).toMatchObject({ max_completion_tokens: 200 });
    expect(asked.at(-1)).not.toHaveProperty("max_tokens");
  });

  test("an invalid value is not a refused field: the request fails with the server's words", async () => {
    const { generations, asked } = await anAnswer((body) =>
      titleIn(body).includes("test-0")
        ? {
            status: 400,
            body: { error: { message: "max_tokens is too large: 200. This model supports at most 100." } },
          }
        : says(story),
    );
    expect(asked).toHaveLength(2);
    expect(generations.find(({ outcome }) => outcome === "failed")!.reason).toBe(
      "400 max_tokens is too large: 200. This model supports at most 100.",
    );
  });

  test("an error that only mentions fields drops none of them", async () => {
    const { generations, asked } = await anAnswer((body) =>
      titleIn(body).includes("test-0")
        ? {
            status: 400,
            body: { error: { message: "Unknown error while sampling with temperature 1 and top_p 1" } },
          }
        : says(story),
    );
    expect(generations.find(({ outcome }) => outcome === "failed")!.reason).toMatch(/^400 Unknown error/);
    const other = asked.filter((body) => !titleIn(body).includes("test-0"));
    expect(other.at(-1)).toMatchObject({ temperature: 1, top_p: 1 });
  });

  test("the token limit is never dropped", async () => {
    const { generations, asked } = await anAnswer(
      refusing(["max_tokens", "max_completion_tokens"], (field) => ({
        status: 400,
        body: { error: { message: `Unsupported parameter: '${field}'` } },
      })),
    ).catch((thrown) => ({ generations: [], asked: [{ max_tokens: 1 }], thrown }));
    expect(generations).toEqual([]);
    for (const body of asked) expect("max_tokens" in body || "max_completion_tokens" in body).toBe(true);
  });

  test("server messages are reported without the key, and no address contains a password", async () => {
    const { base } = await serverThat(() => ({
      status: 401,
      body: { error: { message: "Invalid API key: Bearer sk-SECRET-123" } },
    }));
    const effects = quietEffects({ env: { OPENAI_API_KEY: "sk-SECRET-123" } });
    await expect(generated(await studyAt(base), effects)).rejects.toThrow(/refuses the key .*Bearer …$/);
    expect(effects.logged.join("\n")).not.toContain("SECRET");
    const secret = base.replace("://", "://me:pa55word@");
    await expect(generated(await studyAt(secret))).rejects.toThrow("contains a user name or password");
  });

  test("send: cannot change the prompt or the model", async () => {
    const { base } = await serverThat(() => says(story));
    for (const send of [{ model: "other" }, { messages: [] }, { n: 3 }, { stream: true }])
      await expect(generated(await studyAt(base, { model: { send } }))).rejects.toThrow(
        /send: \w+ cannot be set/,
      );
    const { generations } = await anAnswer(() => says(story), { model: { send: { temperature: 0.2 } } });
    expect(generations[0]!.settings.temperature).toBe(0.2);
  });

  test("an unsupported region is reported in the server's words, not as a wrong key", async () => {
    const { base } = await serverThat(() => ({
      status: 403,
      body: { error: { message: "Country, region, or territory not supported" } },
    }));
    await expect(generated(await studyAt(base))).rejects.toThrow(
      /refuses: Country, region, or territory not supported/,
    );
  });

  test("sampling can be left to the provider", async () => {
    const { asked, generations } = await anAnswer(() => says(story), {
      model: { temperature: "provider", topK: "provider" },
      generate: { topP: "provider" },
    });
    for (const field of ["temperature", "top_k", "top_p"]) expect(asked[0]).not.toHaveProperty(field);
    expect(generations[0]!.settings).toMatchObject({
      temperature: "provider",
      topP: "provider",
      topK: "provider",
    });
    await expect(
      generated(
        await studyAt("http://localhost:1", {
          generate: { models: [{ address: "echo:" }], prompts: ["one-shot"], temperature: "provider" },
        }),
      ),
    ).rejects.toThrow("echo:: temperature is `provider`, but a local model has no provider");
  });

  test("send: adds, renames and leaves out", async () => {
    const { asked, generations } = await anAnswer(() => says(story), {
      model: { send: { max_tokens: null, max_new_tokens: "$mostTokens", top_a: 0.3, seed: null } },
    });
    expect(asked[0]).toMatchObject({ max_new_tokens: 200, top_a: 0.3 });
    expect(asked[0]).not.toHaveProperty("max_tokens");
    expect(asked[0]).not.toHaveProperty("seed");
    expect(generations[0]!.sent).toMatchObject({ max_new_tokens: 200, top_a: 0.3 });
    const { base } = await serverThat(() => says(story));
    await expect(generated(await studyAt(base, { model: { send: { x: "$nothing" } } }))).rejects.toThrow(
      "send: $nothing is not a setting",
    );
  });

  test("an OpenAI reasoning model gets no temperature, the new name of the limit, and tokens for thinking", async () => {
    const { asked } = await anAnswer(() => says(story), {
      model: { address: "openai:gpt-5-mini", reasoning: "low" },
    });
    expect(fieldsOf(asked[0]!)).toEqual({ max_completion_tokens: 200 + 2048, reasoning_effort: "low" });
    const { asked: own } = await anAnswer(() => says(story), {
      model: { address: "openai:o4-mini", reasoning: "high", reasoningTokens: 500 },
    });
    expect(fieldsOf(own[0]!)).toEqual({ max_completion_tokens: 700, reasoning_effort: "high" });
    const { base } = await serverThat(() => says(story));
    await expect(
      generated(await studyAt(base, { model: { address: "openai:gpt-5" }, generate: { temperature: 0.7 } })),
    ).rejects.toThrow(
      expect.objectContaining({
        message: "openai:gpt-5 does not support temperature, but it is set to 0.7",
        hint: expect.stringContaining("`temperature: provider`"),
      }),
    );
  });

  test("reasoning is switched off if a template can do that", async () => {
    const { asked } = await anAnswer(() => says(story), { model: { reasoning: "none" } });
    expect(asked[0]).toMatchObject({ max_tokens: 200, chat_template_kwargs: { enable_thinking: false } });
  });

  test.each([
    ["ollama:llama3.2", ["max_tokens", "reasoning_effort", "seed", "temperature", "top_p"]],
    [
      "lmstudio:qwen",
      ["max_tokens", "reasoning_effort", "repeat_penalty", "seed", "temperature", "top_k", "top_p"],
    ],
    ["gemini:gemini-3-flash", ["max_tokens", "reasoning_effort", "temperature"]],
    [
      "openrouter:meta/llama",
      ["max_tokens", "min_p", "reasoning", "repetition_penalty", "seed", "temperature", "top_k", "top_p"],
    ],
    ["openrouter:anthropic/claude-opus-4.7", ["max_tokens", "reasoning", "seed"]],
  ])("%s gets the fields that it supports", async (address, fields) => {
    const { asked } = await anAnswer(() => says(story), {
      model: { address, reasoning: "low", api: undefined },
      env: { GEMINI_API_KEY: "k", OPENROUTER_API_KEY: "k" },
    });
    expect(Object.keys(fieldsOf(asked[0]!)).sort()).toEqual(fields);
  });

  test("headers come from the environment, and a base address may have a query", async () => {
    const seen: unknown[] = [];
    const server = await serverThat((_, __, headers, url) => {
      seen.push([headers["api-key"], headers["x-team"], url]);
      return says(story);
    });
    const study = await studyAt(`${server.base}/?api-version=2026-01-01`, {
      model: { headers: { "api-key": "$MY_SECRET", "X-Team": "readers" } },
    });
    const generations = await generated(study, quietEffects({ env: { MY_SECRET: "s3cret" } }));
    expect(seen[0]).toEqual(["s3cret", "readers", "/v1/chat/completions?api-version=2026-01-01"]);
    expect(JSON.stringify(generations)).not.toContain("s3cret");
    await expect(generated(study)).rejects.toThrow(
      /headers: api-key needs the environment variable MY_SECRET/,
    );
  });

  test.each([
    ["seconds", () => "0.05"],
    ["a date", () => new Date(Date.now() + 1500).toUTCString()],
  ])("Retry-After is obeyed as %s", async (kind, after) => {
    let first = 0;
    const gaps: number[] = [];
    const { generations } = await anAnswer(
      (_, number) => {
        if (number === 0) {
          first = Date.now();
          return {
            status: 429,
            headers: { "retry-after": after() },
            body: { error: { message: "slow down" } },
          };
        }
        gaps.push(Date.now() - first);
        return says(story);
      },
      { titles: 1, model: { wait: 0 }, generate: { titles: 1 } },
    );
    expect(generations[0]!.text).toBe(story);
    // A date has only whole seconds.
    expect(gaps[0]).toBeGreaterThan(kind === "seconds" ? 45 : 400);
  });
});

describe("Claude is used through the Messages API", () => {
  const message = (content: unknown, stop = "end_turn"): Sent => ({
    body: {
      type: "message",
      model: "claude-x",
      content,
      stop_reason: stop,
      usage: { input_tokens: 40, output_tokens: 90 },
    },
  });
  const claude = (model = "claude-sonnet-4-5", more = {}) => ({
    model: { address: `anthropic:${model}`, api: undefined, ...more },
    env: { ANTHROPIC_API_KEY: "a-key" },
  });

  test("with its own headers and fields", async () => {
    const seen: unknown[] = [];
    const { base, asked } = await serverThat((_, __, headers, url) => {
      seen.push([url, headers["x-api-key"], headers["anthropic-version"], headers["authorization"]]);
      return message([{ type: "text", text: story }]);
    });
    const { model, env } = claude("claude-sonnet-4-5", { topK: 40 });
    const study = await studyAt(base, { model });
    const generations = await generated(study, quietEffects({ env }));
    expect(seen[0]).toEqual(["/v1/messages", "a-key", "2023-06-01", undefined]);
    const { messages, system, ...fields } = asked[0]!;
    expect(fields).toEqual({ model: "claude-sonnet-4-5", max_tokens: 200, temperature: 1, top_k: 40 });
    expect(system).toMatch(/^You write very short/);
    expect(messages).toEqual([{ role: "user", content: expect.stringContaining("Write a story") }]);
    expect(generations[0]).toMatchObject({ text: story, tokens: { prompt: 40, generated: 90 } });
  });

  test("with the thinking fields of each model generation, off by default", async () => {
    const sent = async (model: string, more = {}) =>
      (
        await anAnswer(
          () =>
            message([
              { type: "thinking", thinking: plan },
              { type: "text", text: story },
            ]),
          claude(model, more),
        )
      ).asked[0]!;
    expect(await sent("claude-opus-4-8")).not.toHaveProperty("thinking");
    expect(await sent("claude-opus-4-8")).not.toHaveProperty("temperature");
    expect(await sent("claude-opus-4-8", { reasoning: "high" })).toMatchObject({
      thinking: { type: "adaptive" },
      output_config: { effort: "high" },
      max_tokens: 200 + 24_576,
    });
    expect(await sent("claude-sonnet-4-5", { reasoning: "low" })).toMatchObject({
      thinking: { type: "enabled", budget_tokens: 2048 },
      max_tokens: 2248,
    });
  });

  test("its thinking is separated, and a reply of only thinking is a fault", async () => {
    const { generations } = await anAnswer(
      (body) =>
        titleIn(body).includes("test-0")
          ? message([{ type: "thinking", thinking: plan }], "max_tokens")
          : message([
              { type: "thinking", thinking: plan },
              { type: "text", text: story },
            ]),
      claude("claude-opus-5", { reasoning: "low" }),
    );
    expect(generations.map(({ thinking }) => thinking)).toEqual([plan, plan]);
    expect(generations.map(({ reason }) => reason).sort()).toEqual([
      "no story: all 90 tokens went into thinking",
      undefined,
    ]);
  });

  test("its errors are reported in its words, and an overloaded server is retried", async () => {
    const { generations, asked } = await anAnswer(
      (body, number) =>
        titleIn(body).includes("test-0")
          ? {
              status: 400,
              body: {
                type: "error",
                error: { type: "invalid_request_error", message: "prompt is too long: 300000 tokens" },
              },
            }
          : number < 3
            ? {
                status: 529,
                body: { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
              }
            : message([{ type: "text", text: story }]),
      claude(),
    );
    expect(generations.find(({ outcome }) => outcome === "failed")!.reason).toBe(
      "400 prompt is too long: 300000 tokens",
    );
    expect(generations.some(({ text }) => text === story)).toBe(true);
    expect(asked.length).toBeGreaterThan(2);
  });
});

describe("cost of requests", () => {
  /** Fifty tokens at 1 and a hundred at 10 per million. */
  const price = { input: 1, output: 10 };
  const costing = (counted: unknown) => () => chat({ content: story }, "stop", counted);
  const spent = { prompt_tokens: 500, completion_tokens: 190 };
  const each = (500 + 1900) / 1e6;

  test("parallel requests never exceed the budget", async () => {
    const budget = 12 * each;
    const server = await serverThat(costing(spent), 20);
    const study = await studyAt(server.base, { titles: 40, model: { price, budget, parallel: 16 } });
    await expect(generated(study)).rejects.toThrow(/the budget of .* is used up/);
    expect(server.asked.length * each).toBeLessThanOrEqual(budget);
    // They also use the budget: the reserved maximum of a request is only some 10 % above its cost.
    expect(server.asked.length).toBeGreaterThanOrEqual(10);
  });

  test("the budget is for all runs together", async () => {
    const budget = 12 * each;
    const server = await serverThat(costing(spent));
    const model = { price, budget, parallel: 1 };
    const study = await studyAt(server.base, { titles: 8, model });
    const first = quietEffects({ env: {} });
    await generated(study, first);
    expect(server.asked).toHaveLength(8);
    const more = await studyAt(server.base, { titles: 40, model, folder: study.folder });
    await expect(generated(more)).rejects.toThrow(/used up .*over all runs/);
    expect(server.asked.length).toBeGreaterThan(8);
    expect(server.asked.length * each).toBeLessThanOrEqual(budget);
  });

  test("without usage a request counts with its reserved cost, marked as an estimate", async () => {
    const server = await serverThat(costing(null));
    const study = await studyAt(server.base, { titles: 2, model: { price } });
    const effects = quietEffects({ env: {} });
    await generated(study, effects);
    expect(effects.logged.join("\n")).toMatch(/cost (0\.\d+), of which \1 is an estimate/);
    const poor = await studyAt(server.base, { titles: 40, model: { price, budget: 0.02 } });
    await expect(generated(poor)).rejects.toThrow(/the budget of 0\.02 is used up/);
    // Two thousand tokens at most each, 200 of them at 10 per million.
    expect((server.asked.length - 2) * 0.002).toBeLessThanOrEqual(0.02);
  });
});

test("a failing model does not stop the others, and its reason is the last message", async () => {
  const server = await serverThat((body) =>
    body["model"] === "good" ? says(story) : { status: 401, body: { error: { message: "no such key" } } },
  );
  const models = ["bad", "good"].map((name) => ({
    address: `openai:${name}`,
    base: server.base,
    api: "chat",
  }));
  const study = await studyAt(server.base, { generate: { models } });
  await expect(generated(study)).rejects.toThrow(
    /openai:bad: .* refuses the key in OPENAI_API_KEY: no such key/,
  );
  expect((await readGenerations(study)).map(({ model }) => model.address)).toEqual([
    "openai:good",
    "openai:good",
  ]);
});

test("a request without a text is repeated, not counted as a new draw", async () => {
  const server = await serverThat((body) =>
    titleIn(body).includes("test-0")
      ? { status: 500, body: { error: { message: "out of memory" } } }
      : says(story),
  );
  const study = await studyAt(server.base, { model: { retries: 2 }, generate: { attempts: 4 } });
  const generations = await generated(study);
  expect(generations).toHaveLength(2);
  expect(server.asked).toHaveLength(1 + 3);
});

test("a study of first attempts draws each title exactly once", async () => {
  const { generations, effects } = await anAnswer(() => says("Too short to be shown."), {
    generate: { keep: "first" },
  });
  expect(generations).toHaveLength(2);
  expect(effects.logged.join("\n")).toContain("generate.keep is first, so the first attempt counts as it is");
  const { base } = await serverThat(() => says(story));
  await expect(generated(await studyAt(base, { generate: { keep: "first", attempts: 4 } }))).rejects.toThrow(
    "generate.keep is first, but generate.attempts is 4",
  );
});
