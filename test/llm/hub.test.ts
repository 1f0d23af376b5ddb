import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { generate } from "../../src/generate/generate.ts";
import { hubFileOf } from "../../src/llm/hub.ts";
import { randomFrom } from "../../src/stats/random.ts";
import { readGenerations } from "../../src/workbench/artefacts.ts";
import { exists, filesUnder } from "../../src/workbench/files.ts";
import { readManifest, runStage, stateOf } from "../../src/workbench/manifest.ts";
import { madeUpStories, writeCorpus } from "../helpers/corpus.ts";
import { writeTinyModel } from "../helpers/tiny-model.ts";
import { quietEffects, temporaryFolder, temporaryStudy } from "../helpers/world.ts";

interface Mirror {
  readonly endpoint: string;
  /** Requests for the file itself: the first byte of each. */
  readonly starts: number[];
  /** Authorization headers that the content host received. */
  readonly seen: (string | undefined)[];
  close(): Promise<void>;
}

interface Behaviour {
  /** A connection breaks after this many bytes; never by default. */
  readonly breaksAfter?: () => number;
  readonly resumes?: boolean;
  readonly checksum?: string;
  readonly status?: number;
}

const mirrors: Mirror[] = [];
afterEach(async () => {
  for (const mirror of mirrors.splice(0)) await mirror.close();
});

/** A hub and its content host, separate as at Hugging Face: the first redirects to the second. */
async function mirrorOf(content: Buffer, behaviour: Behaviour = {}): Promise<Mirror> {
  const starts: number[] = [];
  const seen: (string | undefined)[] = [];
  const contents = createServer((request, response) => {
    seen.push(request.headers.authorization);
    const start =
      behaviour.resumes === false ? 0 : Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    starts.push(start);
    const rest = content.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, { "content-length": rest.length });
    const breaks = behaviour.breaksAfter?.() ?? Number.POSITIVE_INFINITY;
    if (breaks >= rest.length) return void response.end(rest);
    response.write(rest.subarray(0, breaks), () => setTimeout(() => request.socket.destroy(), 10));
  });
  const there = await listening(contents);
  const checksum = behaviour.checksum ?? createHash("sha256").update(content).digest("hex");
  const hub = createServer((_, response) => {
    response.writeHead(behaviour.status ?? 302, {
      location: `${there}/blob`,
      "x-linked-etag": `"${checksum}"`,
      "x-linked-size": content.length,
    });
    response.end("Found. Redirecting");
  });
  const mirror = {
    endpoint: await listening(hub),
    starts,
    seen,
    async close() {
      for (const server of [hub, contents]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
  mirrors.push(mirror);
  return mirror;
}

async function listening(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const asked = { owner: "some", repository: "model", file: "weights/tiny.gguf" };
const bytes = (length: number) => {
  const random = randomFrom(length, "bytes");
  return Buffer.from(Array.from({ length }, () => random.integer(0, 255)));
};

async function envAt(mirror: Mirror, more: Record<string, string> = {}) {
  return { HF_ENDPOINT: mirror.endpoint, TINYLOVE_CACHE: await temporaryFolder(), ...more };
}

test("a download whose connection breaks repeatedly becomes complete, and never starts again", async () => {
  const content = bytes(400_000);
  const random = randomFrom(1, "breaks");
  const mirror = await mirrorOf(content, { breaksAfter: () => random.integer(20_000, 120_000) });
  const env = await envAt(mirror);
  const { path, hashFile } = await hubFileOf(asked, quietEffects({ env }));
  expect(content.equals(await readFile(path))).toBe(true);
  expect((await readFile(hashFile, "utf8")).trim()).toBe(createHash("sha256").update(content).digest("hex"));
  expect(mirror.starts.length).toBeGreaterThan(3);
  expect(mirror.starts).toEqual([...mirror.starts].sort((a, b) => a - b));
  expect((await filesUnder(env.TINYLOVE_CACHE)).filter((file) => file.endsWith(".download"))).toEqual([]);

  const requests = mirror.starts.length;
  await hubFileOf(asked, quietEffects({ env }));
  expect(mirror.starts).toHaveLength(requests);
});

test("an interrupted download continues in a later run, also from another host", async () => {
  const content = bytes(300_000);
  let requests = 0;
  const first = await mirrorOf(content, { breaksAfter: () => (requests++ === 0 ? 100_000 : 0) });
  const env = await envAt(first);
  const interruption = new AbortController();
  setTimeout(() => interruption.abort(new Error("stop")), 400);
  await expect(hubFileOf(asked, quietEffects({ env, signal: interruption.signal }))).rejects.toThrow();

  const second = await mirrorOf(content);
  const { path } = await hubFileOf(asked, quietEffects({ env: { ...env, HF_ENDPOINT: second.endpoint } }));
  expect(content.equals(await readFile(path))).toBe(true);
  expect(second.starts).toEqual([100_000]);
});

test("a host that cannot resume sends everything from the start", async () => {
  const content = bytes(100_000);
  let requests = 0;
  const mirror = await mirrorOf(content, {
    resumes: false,
    breaksAfter: () => (requests++ === 0 ? 50_000 : content.length),
  });
  const { path } = await hubFileOf(asked, quietEffects({ env: await envAt(mirror) }));
  expect(content.equals(await readFile(path))).toBe(true);
});

test("a file with a wrong checksum is refused and removed", async () => {
  const mirror = await mirrorOf(bytes(1000), { checksum: "0".repeat(64) });
  const env = await envAt(mirror);
  await expect(hubFileOf(asked, quietEffects({ env }))).rejects.toThrow(
    /the download differs from the host's file/,
  );
  expect(await filesUnder(env.TINYLOVE_CACHE)).toEqual([]);
});

test("a connection that never delivers a byte is a one-line error", async () => {
  const mirror = await mirrorOf(bytes(1000), { breaksAfter: () => 0 });
  await expect(hubFileOf(asked, quietEffects({ env: await envAt(mirror) }))).rejects.toThrow(/is stuck/);
}, 30_000);

test.each([
  [404, /not found at/],
  [401, /denies access \(401\)/],
])("the host answers %i", async (status, message) => {
  const mirror = await mirrorOf(bytes(10), { status });
  await expect(hubFileOf(asked, quietEffects({ env: await envAt(mirror) }))).rejects.toThrow(message);
});

test("the token is sent only to the hub, not to a host that it redirects to", async () => {
  const mirror = await mirrorOf(bytes(10));
  let given: string | null = null;
  const listeningFetch: typeof fetch = (input, init) => {
    if (String(input).startsWith(mirror.endpoint)) given = new Headers(init?.headers).get("authorization");
    return fetch(input, init);
  };
  const env = await envAt(mirror, { HF_TOKEN: "hf_secret" });
  await hubFileOf(asked, quietEffects({ env, fetch: listeningFetch }));
  expect(given).toBe("Bearer hf_secret");
  expect(mirror.seen).toEqual([undefined]);
});

test("a study names a model of the hub, which is downloaded once", async () => {
  const folder = await temporaryFolder();
  await writeTinyModel(join(folder, "tiny.gguf"), { words: [" love"] });
  const mirror = await mirrorOf(await readFile(join(folder, "tiny.gguf")));
  const env = await envAt(mirror);
  vi.stubEnv("TINYLOVE_CACHE", env.TINYLOVE_CACHE);
  const model = { address: "hf:some/model/tiny.gguf", threads: 1 };
  const study = await temporaryStudy({ generate: { models: [model], tokens: { least: 5, most: 10 } } });
  await writeCorpus(study, madeUpStories({ train: 3, test: 3 }));
  await runStage(generate, study, {}, quietEffects({ env }));
  expect((await readGenerations(study)).map(({ model: { hash } }) => hash)[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(await exists(study.path("generations/tiny/one-shot.jsonl"))).toBe(true);
  await runStage(generate, study, {}, quietEffects({ env }));
  expect(mirror.starts).toEqual([0]);
  const manifest = await readManifest(study);
  expect((await stateOf(generate, study, manifest)).is).toBe("fresh");
});

test.each(["hf:one", "hf:a/b", "hf:a/../b/c.gguf", "hf:a/b/../../c.gguf", "hf:a/b c/d.gguf"])(
  "%s is not a file's address",
  async (address) => {
    const study = await temporaryStudy({ generate: { models: [{ address }] } });
    await writeCorpus(study, madeUpStories({ train: 3, test: 3 }));
    await expect(runStage(generate, study, {}, quietEffects())).rejects.toThrow("is not a file's address");
  },
);
