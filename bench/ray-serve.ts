/**
 * Two replicas behind Ray Serve on this machine, with the code of docs/cluster.md as it is there: a hundred titles
 * undisturbed, with one replica killed (kill -9) in the middle, and with both; and `try`, which streams. Needs Python;
 * pip installs Ray and llama.cpp's server (about 300 MB) into the cache folder once. Exits 1 if a title is lost or has
 * two texts, if a replica did none of the work, or if a killed one does not restart.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { embeddedModelFile } from "../src/llm/llama.ts";
import { packageFolder } from "../src/workbench/version.ts";
import {
  fiveTitles,
  generate,
  lostOrDoubled,
  manyTitles,
  newStudy,
  tinylove,
} from "../test/generate/served.ts";
import { freePort } from "../test/helpers/free-port.ts";
import { pythonPackages } from "../test/helpers/python-packages.ts";
import { temporaryFolder } from "../test/helpers/world.ts";

const packages = await pythonPackages(["ray[serve]==2.60.0", "xllamacpp==2026.10.11549"], {
  module: "ray.serve",
});
if ("missing" in packages) throw new Error(packages.missing);

const folder = await temporaryFolder();
await writeFile(join(folder, "serve_gguf.py"), await recipe());
const port = await freePort();
const source = `
import ray, serve_gguf
from ray import serve
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
serve.start(http_options={"host": "127.0.0.1", "port": ${port}})
try:
    serve.run(serve_gguf.app, blocking=True)
except KeyboardInterrupt:
    pass
`;
const ray = spawn(packages.python, ["-c", source], {
  env: {
    ...packages.env,
    PYTHONPATH: [packages.folder, folder].join(delimiter),
    MODEL: embeddedModelFile,
    RAY_USAGE_STATS_ENABLED: "0",
  },
  stdio: ["ignore", "ignore", "inherit"],
});

const base = `http://127.0.0.1:${port}/v1`;
const titles = manyTitles(100);
const models = [{ address: "openai:tiny-love", base, parallel: 8, retries: 20, wait: 0.2 }];
let failed = false;

try {
  const started = await bothReplicas();
  const undisturbed = await run(0);
  const one = await run(1);
  const both = await run(2);
  const streamed = await streams();
  console.table({ undisturbed, "one replica killed": one, "both killed": both });
  console.log(`both replicas ready after ${started} s; \`try\` streams through: ${streamed ? "yes" : "NO"}`);
  failed ||= !streamed;
} finally {
  ray.kill("SIGINT");
  await once(ray, "exit");
}
if (failed) process.exitCode = 1;

/** The Python of docs/cluster.md. */
async function recipe(): Promise<string> {
  const page = await readFile(fileURLToPath(new URL("docs/cluster.md", packageFolder)), "utf8");
  const [, code] = /```python\n(# serve_gguf\.py\n[\s\S]*?)```/.exec(page) ?? [];
  if (!code) throw new Error("docs/cluster.md has no serve_gguf.py");
  return code;
}

/** Seconds until both replicas answer. */
async function bothReplicas(): Promise<number> {
  const began = performance.now();
  const seen = new Set<string>();
  while (seen.size < 2) {
    if (ray.exitCode !== null) throw new Error(`Ray ended with ${ray.exitCode}`);
    if (performance.now() - began > 180_000)
      throw new Error(`only ${seen.size} replicas after three minutes`);
    await sleep(50);
    const answer = await fetch(`${base}/models`).catch(() => undefined);
    if (answer?.ok) seen.add(answer.headers.get("x-replica")!);
  }
  return Math.round((performance.now() - began) / 100) / 10;
}

/** Writes all titles, and kills this many replicas once a quarter of them have been written. */
async function run(kills: number) {
  const study = await newStudy({ models, titles, most: 200 });
  const byReplica = new Map<string, number>();
  let back: Promise<number> | undefined;
  const { calls, generations } = await generate(study, ({ answered }, { ok, headers }) => {
    const replica = headers.get("x-replica");
    if (ok && replica) byReplica.set(replica, (byReplica.get(replica) ?? 0) + 1);
    if (kills === 0 || back || answered.length < titles.length / 4) return;
    for (const each of [...byReplica.keys()].slice(0, kills)) process.kill(Number(each), "SIGKILL");
    back = bothReplicas();
  });
  const faults = await lostOrDoubled(study, generations, titles.length);
  for (const fault of faults) console.error(fault);
  failed ||= faults.length > 0 || byReplica.size < 2;
  return {
    titles: titles.length,
    written: generations.filter(({ text }) => text !== "").length,
    "lost or doubled": faults.length,
    "answered with an error": calls.answered.filter((status) => status !== 200).length,
    "no answer": calls.lost,
    "by each replica": [...byReplica.values()].join(", "),
    "s until both answered again": await back,
  };
}

/** Whether the streamed output of `try` is what `generate` writes. */
async function streams(): Promise<boolean> {
  const [title] = fiveTitles;
  const study = await newStudy({ models, titles: [title!] });
  const { generations } = await generate(study);
  const { printed } = await tinylove(["try", title!, "--study", study]);
  const textOf = (text: string) => text.replace("|", "").trim().split(/\s+/).join(" ");
  return textOf(printed).includes(textOf(generations[0]!.text));
}
