import { connect, createServer, type Socket } from "node:net";

/**
 * What happens to one request: it passes; its connection is cut during the request, before the server has all of it; after
 * the request and before the response; or during the response; or nothing is transmitted for a while before the
 * connection is cut.
 */
export type Treatment = "pass" | "cut request" | "cut before response" | "cut response" | "stall";

export interface Proxy {
  readonly url: string;
  /** How often each of these happened. */
  readonly counts: ReadonlyMap<Treatment, number>;
  close(): Promise<void>;
}

/** A TCP proxy on loopback in front of the server at `target`; `treatmentOf` decides for each request, by its first line. */
export async function cuttingProxy(target: string, treatmentOf: (line: string) => Treatment): Promise<Proxy> {
  const counts = new Map<Treatment, number>();
  const open = new Set<Socket>();
  const server = createServer((browser) => {
    const upstream = connect(Number(new URL(target).port), "127.0.0.1");
    let treatment: Treatment = "pass";
    const cut = () => {
      browser.destroy();
      upstream.destroy();
    };
    for (const socket of [browser, upstream]) {
      open.add(socket);
      // A connection that is cut on one side ends on the other.
      socket
        .on("error", () => {})
        .on("close", () => {
          open.delete(socket);
          cut();
        });
    }
    browser.on("data", (chunk) => {
      // A browser sends one request at a time per connection, and ours fit in one or two chunks.
      const [, line] = /^((?:GET|POST) \S+)/.exec(chunk.toString("latin1")) ?? [];
      if (line) {
        treatment = treatmentOf(line);
        counts.set(treatment, (counts.get(treatment) ?? 0) + 1);
      }
      if (treatment === "stall") return void setTimeout(cut, 700);
      if (treatment !== "cut request") return void upstream.write(chunk);
      upstream.write(chunk.subarray(0, chunk.length / 2), cut);
    });
    upstream.on("data", (chunk) => {
      if (treatment === "cut before response") return cut();
      if (treatment === "cut response") return void browser.write(chunk.subarray(0, chunk.length / 2), cut);
      browser.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    counts,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
