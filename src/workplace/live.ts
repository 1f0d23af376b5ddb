import type { FastifyReply, FastifyRequest } from "fastify";
import type { Html } from "../text/html.ts";

/** Parts of a page, by the id of their element. */
type Parts = Readonly<Record<string, Html>>;

interface Live {
  /** Calls `changed` after every change; returns a function that ends this. */
  listen(changed: () => void): () => void;
  /** Parts that change often. */
  often(): Promise<Parts>;
  /** Parts that change only if `key` does, because they take longer to make. */
  seldom(): Promise<Parts>;
  key(): string;
}

const every = 300;
const heartbeat = 15_000;

/**
 * Sends the changed parts of a page as server-sent events until the browser leaves, at most three times a second. Each event is a
 * JSON object of markup by element.
 */
export function events(request: FastifyRequest, reply: FastifyReply, live: Live): FastifyReply {
  reply.hijack();
  const { raw } = reply;
  const headers = Object.entries(reply.getHeaders()).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  raw.writeHead(200, { ...Object.fromEntries(headers), "content-type": "text/event-stream; charset=utf-8" });
  let lastKey = live.key();
  let timer: NodeJS.Timeout | undefined;
  let sent = "";
  const send = async () => {
    timer = undefined;
    const key = live.key();
    const parts = key === lastKey ? await live.often() : await live.seldom();
    lastKey = key;
    const data = JSON.stringify(
      Object.fromEntries(Object.entries(parts).map(([id, markup]) => [id, markup.toString()])),
    );
    if (data !== sent && !raw.destroyed) raw.write(`data: ${data}\n\n`);
    sent = data;
    if (live.key() !== lastKey) schedule();
  };
  const schedule = () => {
    timer ??= setTimeout(() => void send().catch(() => raw.end()), every);
  };
  const stop = live.listen(schedule);
  const beat = setInterval(() => raw.write(": still here\n\n"), heartbeat);
  request.raw.on("close", () => {
    stop();
    clearInterval(beat);
    clearTimeout(timer);
  });
  // What changed between the page and this request.
  raw.write("retry: 2000\n\n");
  lastKey = "";
  schedule();
  return reply;
}
