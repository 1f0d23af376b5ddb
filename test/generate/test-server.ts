import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** How the server treats one request. */
export type Treatment =
  | "well"
  | "drop"
  | "stall"
  | "429"
  | "500"
  | "half"
  | "invalid JSON"
  | "wrong content type"
  | "not a completion"
  | "400"
  | "401"
  | "unknown model"
  | "no quota"
  | "refused";

export interface TestServer {
  /** The address for `base:`. */
  readonly base: string;
  /** Bodies of the requests, in order. */
  readonly asked: readonly Record<string, unknown>[];
  /** The largest number of simultaneous requests. */
  readonly most: number;
  close(): Promise<void>;
}

/** What the server writes for a prompt: always the same, different for each last title. */
export const answerTo = (prompt: string): string =>
  ` A story about ${/Title: (.*)\nStory:$/.exec(prompt)?.[1] ?? prompt}, that ends well.\nTitle: Another`;

/**
 * A local server with OpenAI's protocol that treats requests as configured, with this delay: real HTTP over a real socket,
 * so that failures are those of real connections.
 */
export async function openTestServer(
  treatmentOf: (request: number) => Treatment,
  milliseconds = 0,
): Promise<TestServer> {
  const asked: Record<string, unknown>[] = [];
  let underWay = 0;
  let most = 0;
  const server = createServer(async (request, response) => {
    underWay += 1;
    most = Math.max(most, underWay);
    response.on("close", () => {
      underWay -= 1;
    });
    const body = JSON.parse((await bodyOf(request)) || "{}");
    const number = asked.push(body) - 1;
    await sleep(milliseconds);
    treat(treatmentOf(number), request, body, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    get most() {
      return most;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function treat(
  treatment: Treatment,
  request: IncomingMessage,
  body: Record<string, unknown>,
  response: ServerResponse,
): void {
  const json = (status: number, value: unknown, headers = {}) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(value));
  };
  const whole = JSON.stringify(completionOf(request.url ?? "", body));
  if (body["stream"] && (treatment === "well" || treatment === "half"))
    return void stream(request, body, response, treatment === "half");
  switch (treatment) {
    case "well":
      return void json(200, completionOf(request.url ?? "", body));
    case "refused":
      return void json(200, completionOf(request.url ?? "", body, "content_filter"));
    case "drop":
      return void request.socket.destroy();
    case "stall":
      return;
    case "429":
      return void json(429, { error: { message: "slow down" } }, { "retry-after-ms": "5" });
    case "500":
      return void json(500, { error: { message: "out of memory" } });
    case "400":
      return void json(400, { error: { message: "the prompt is too long" } });
    case "401":
      return void json(401, { error: { message: "no such key" } });
    case "unknown model":
      return void json(400, { error: { message: "no such model", code: "model_not_found" } });
    case "no quota":
      return void json(429, { error: { message: "you have no credit", code: "insufficient_quota" } });
    case "half":
      response.writeHead(200, { "content-type": "application/json", "content-length": whole.length });
      response.write(whole.slice(0, whole.length / 2));
      setTimeout(() => request.socket.destroy(), 20);
      return;
    case "invalid JSON":
      response.writeHead(200, { "content-type": "application/json" });
      return void response.end(whole.slice(0, whole.length / 2));
    case "wrong content type":
      response.writeHead(200, { "content-type": "text/html" });
      return void response.end("<h1>It works!</h1>");
    case "not a completion":
      return void json(200, { choices: [] });
  }
}

/** Streams word by word with pauses; half of the streams are cut off without an end marker. */
async function stream(
  request: IncomingMessage,
  body: Record<string, unknown>,
  response: ServerResponse,
  half: boolean,
): Promise<void> {
  const { choices, usage, ...head } = completionOf(request.url ?? "", body);
  const [{ text = "", message, finish_reason }] = choices as unknown as [
    { text?: string; message?: { content: string }; finish_reason: string },
  ];
  const chat = message !== undefined;
  const send = (value: unknown) => response.write(`data: ${JSON.stringify(value)}\n\n`);
  const words = (message?.content ?? text).match(/\s*\S+/g) ?? [];
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const word of half ? words.slice(0, words.length / 2) : words) {
    send({ ...head, choices: [chat ? { index: 0, delta: { content: word } } : { index: 0, text: word }] });
    await sleep(15);
  }
  if (half) return void request.socket.destroy();
  send({ ...head, choices: [{ index: 0, text: "", delta: {}, finish_reason }] });
  send({ ...head, choices: [], usage });
  response.end("data: [DONE]\n\n");
}

function completionOf(url: string, body: Record<string, unknown>, finish = "stop") {
  const messages = body["messages"] as { content: string }[] | undefined;
  const prompt = messages ? messages.at(-1)!.content : String(body["prompt"]);
  const text = answerTo(prompt);
  const choice = url.includes("chat") ? { message: { role: "assistant", content: text } } : { text };
  // As vLLM returns them for completions, and all servers for chat.
  const logprobs = url.includes("chat")
    ? {
        content: [
          { token: " A", logprob: -0.5 },
          { token: " story", logprob: -1.5 },
        ],
      }
    : { tokens: [" A", " story"], token_logprobs: [-0.5, -1.5] };
  return {
    id: "1",
    object: "text_completion",
    model: "served-model-7b",
    choices: [{ index: 0, ...choice, ...(body["logprobs"] ? { logprobs } : {}), finish_reason: finish }],
    usage: { prompt_tokens: 50, completion_tokens: 20, total_tokens: 70 },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}
