import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readCodebook } from "../../src/coding/codebook.ts";
import { codedByModel } from "../../src/coding/model-coder.ts";
import type { Study } from "../../src/workbench/study.ts";
import { textOf } from "../describe/texts.ts";
import { quietEffects, temporaryStudy } from "../helpers/world.ts";

interface Asked {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

/** An OpenAI-compatible server; `answer` is its reply to a request, or an HTTP status. */
let answer: (asked: Asked, at: number) => string | number;
let requests: Asked[];
let server: Server;
let base: string;
let study: Study;

beforeEach(async () => {
  requests = [];
  server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const asked = JSON.parse(body) as Asked;
    requests.push(asked);
    const said = answer(asked, requests.length - 1);
    response.statusCode = typeof said === "number" ? said : 200;
    response.setHeader("content-type", "application/json");
    response.setHeader("retry-after-ms", "1");
    response.end(
      JSON.stringify(
        typeof said === "number"
          ? { error: { message: "not now" } }
          : { choices: [{ index: 0, message: { role: "assistant", content: said }, finish_reason: "stop" }] },
      ),
    );
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  study = await temporaryStudy();
});

afterEach(() => new Promise((closed) => server.close(closed)));

const whole = '{"cultural_setting": "unmarked", "kind_of_love": "Friendship", "tone": "joyful"}';
const texts = [
  textOf("We laughed “until” the bus came.", { id: "one", title: "Bus" }),
  textOf("He left.", { id: "two", origin: "machine", model: "llama:x" }),
];

const coded = async (effects = quietEffects()) =>
  codedByModel(
    study,
    texts,
    await readCodebook(study),
    { model: "reader", base, key: "NO_KEY", parallel: 1 },
    effects,
  );

test("each text gets the codes that the model gives, by the codebook in its prompt", async () => {
  answer = (asked) =>
    asked.messages.at(-1)!.content.includes("laughed")
      ? `I think of friends.\n\`\`\`json\n${whole}\n\`\`\``
      : whole.replace("joyful", "melancholy");
  const codings = await coded();
  expect(codings.filter(({ variable }) => variable !== "cultural_setting")).toEqual([
    { text: "one", variable: "kind_of_love", code: "friendship", kind: "model" },
    { text: "one", variable: "tone", code: "joyful", kind: "model" },
    { text: "two", variable: "kind_of_love", code: "friendship", kind: "model" },
    { text: "two", variable: "tone", code: "melancholy", kind: "model" },
  ]);
  const [system, user] = requests[0]!.messages;
  expect(system!.content).toContain("## bittersweet");
  expect(system!.content).not.toContain("Cues:");
  expect(user!.content).toBe('Title: Bus\nText: We laughed "until" the bus came.');
  // The codebook says that origin does not matter; the message about a text must not reveal it.
  const told = requests.map(({ messages }) => messages.at(-1)!.content).join("\n");
  expect(told).not.toMatch(/machine|llama:x/);
});

test("only the answer of a thinking model is read, not its thinking", async () => {
  const other = whole.replace("joyful", "melancholy");
  answer = () => `<think>Perhaps ${other}? No.</think>\n${whole}\n<|im_end|>`;
  const codings = await coded();
  expect(codings.filter(({ variable }) => variable === "tone").map(({ code }) => code)).toEqual([
    "joyful",
    "joyful",
  ]);
  answer = () => `<think>Perhaps ${other}`;
  const cut = await codedByModel(
    study,
    [textOf("Another text.", { id: "three" })],
    await readCodebook(study),
    { model: "reader", base, key: "NO_KEY", parallel: 1 },
    quietEffects(),
  );
  expect(cut).toEqual([]);
});

test("a model can be named by its address, and is asked with its own API", async () => {
  answer = () => whole;
  const codebook = await readCodebook(study);
  const one = texts.slice(0, 1);
  const by = (model: string, env = {}) =>
    codedByModel(study, one, codebook, { model, base, parallel: 1 }, quietEffects({ env }));
  await by("ollama:llama3.2");
  expect(requests.at(-1)).toMatchObject({ model: "llama3.2", temperature: 0, max_tokens: 2000 });
  await by("openai:gpt-5-mini");
  expect(requests.at(-1)).toMatchObject({ model: "gpt-5-mini", max_completion_tokens: 2000 + 8192 });
  expect(requests.at(-1)).not.toHaveProperty("temperature");
  await expect(by("llama:embedded")).rejects.toThrow("--model llama:embedded is not a model on a server");
  await expect(by("anthropic:claude")).rejects.toThrow(
    "the environment variable ANTHROPIC_API_KEY has no key",
  );
});

test("an answer that is not in the codebook is requested once more; then the text has no code", async () => {
  answer = (_, at) => (at === 0 ? whole.replace("joyful", "gleeful") : at === 1 ? whole : "no idea");
  const codings = await coded();
  expect(requests).toHaveLength(4);
  expect(requests[1]!.messages.at(-1)!.content).toContain("tone");
  expect(codings.filter(({ text }) => text === "one").map(({ code }) => code)).toEqual([
    "friendship",
    "joyful",
    "unmarked",
  ]);
  expect(codings.filter(({ text }) => text === "two")).toEqual([]);
});

test("a busy server is asked again, and no answer is paid for twice", async () => {
  answer = (_, at) => (at === 0 ? 429 : at === 1 ? 503 : whole);
  const first = await coded();
  expect(first).toHaveLength(6);
  expect(requests).toHaveLength(4);
  expect(await coded()).toEqual(first);
  expect(requests).toHaveLength(4);
});

test("a text that the server fails on is reported, left out, and requested by the next run", async () => {
  answer = (asked) => (asked.messages[1]!.content.includes("He left") ? 400 : whole);
  const effects = quietEffects();
  expect(new Set((await coded(effects)).map(({ text }) => text))).toEqual(new Set(["one"]));
  expect(effects.logged.join("\n")).toContain("1 of 2 texts have no answer");
  answer = () => whole;
  expect(await coded()).toHaveLength(6);
  expect(requests).toHaveLength(3);
});

test.each([
  [401, "refuses the key in NO_KEY"],
  [404, "not found at"],
])("a status %i is an error with its reason", async (status, reason) => {
  answer = () => status;
  await expect(coded()).rejects.toThrow(reason);
});

test("an unreachable server is named", async () => {
  await new Promise((closed) => server.close(closed));
  await expect(coded()).rejects.toThrow(/no server answers at http:\/\/127/);
  server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
});
