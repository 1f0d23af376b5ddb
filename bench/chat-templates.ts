/**
 * An instructed model in a GGUF file, asked here through its own chat template and by llama.cpp's own server (from the
 * wheel `xllamacpp`; one thread, no cache): SmolLM2 with twenty prompts, and two models of random weights with odd
 * templates. The tokens of each prompt have to be the same, log-probabilities within 1e-3 of each other, and the likeliest
 * token the same wherever the server's first two differ by more than 2e-3. Then how fast both write, by turns, in
 * processor time. Exits with 1 where one of these fails, or where we are below 0.95 of the server's speed.
 *
 * Products of quantised weights round in their own way on each kind of processor, and the two programs come with kernels of
 * their own; with another file, such as the same weights as F32, that falls away.
 *
 *     npm run bench -- chat-templates [tokens a prompt] [instructed.gguf]
 */
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLlama } from "../src/llm/llama.ts";
import { readTable } from "../src/tables/tables.ts";
import { llamaPackages, startLlamaServer } from "../test/helpers/llama-server.ts";
import { writeTinyModel } from "../test/helpers/tiny-model.ts";
import { comparedWithServer, oddTemplates, post } from "../test/llm/compare-with-server.ts";

const most = Number(process.argv[2] ?? 60);
const packages = await llamaPackages();
if ("missing" in packages) {
  console.error(packages.missing);
  process.exit(1);
}
const titles = (await readTable("examples/first-study/stories.csv")).slice(0, 20).map(({ title }) => title!);
const prompts = titles.map((title) => [
  { role: "system" as const, content: "You write very short stories in plain words." },
  { role: "user" as const, content: `Write a story of about 150 words with the title "${title}".` },
]);
const files: Record<string, string> = { instructed: process.argv[3] ?? packages.smolLm2 };
for (const [name, template] of Object.entries(oddTemplates)) {
  files[name] = join(tmpdir(), `tinylove-${name.replaceAll(" ", "-")}-${process.pid}.gguf`);
  await writeTinyModel(files[name]!, {
    words: [" the", " sea", "user", "system", "model"],
    special: ["<|im_start|>", "<|im_end|>"],
    ascii: true,
    metadata: { "tokenizer.chat_template": template },
  });
}

let failed = false;
const rows: Record<string, object> = {};
for (const [name, file] of Object.entries(files)) {
  const server = await startLlamaServer(packages, file, "none");
  const found = await comparedWithServer(file, server.base, prompts, most);
  rows[name] = found;
  failed ||= found.sameTokens < found.prompts || found.otherToken > 0 || found.furthest > 1e-3;
  if (name === "instructed") {
    const speed = await speeds(file, server.base, Number(server.pid));
    console.log(`tokens a second of processor time: ${JSON.stringify(speed)}`);
    failed ||= speed.ratio < 0.95;
  }
  await server.kill();
}
console.table(rows);
process.exit(failed ? 1 : 0);

/** One text at a time, by turns, so that what else the machine does falls on both. */
async function speeds(file: string, base: string, pid: number) {
  const tokens = 100;
  const llama = await openLlama({ file, threads: 1 });
  const draw = {
    temperature: 0,
    topP: 1,
    topK: 0,
    minP: 0,
    repeatPenalty: 1,
    leastTokens: 0,
    mostTokens: tokens,
  };
  let [ours, theirs, here, there] = [0, 0, 0, 0];
  for (const prompt of prompts.slice(0, 8)) {
    let before = own();
    const [text] = await llama.continueAll([{ prompt, seed: 1, draw }]);
    here += own() - before;
    ours += text!.promptTokens + text!.generatedTokens;
    before = await of(pid);
    const { usage } = await post<{ usage: { total_tokens: number } }>(`${base}/chat/completions`, {
      messages: prompt,
      max_tokens: tokens,
      temperature: 0,
      cache_prompt: false,
    });
    there += (await of(pid)) - before;
    theirs += usage.total_tokens;
  }
  await llama.close();
  const [mine, server] = [ours / here, theirs / there];
  return { here: mine.toFixed(1), server: server.toFixed(1), ratio: Number((mine / server).toFixed(3)) };
}

/** Seconds of processor time so far. */
function own(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** The same of another process, where /proc tells it (in hundredths of a second). */
async function of(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
