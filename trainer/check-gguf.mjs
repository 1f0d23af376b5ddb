// Compares a GGUF file with PyTorch's output: node check-gguf.mjs MODEL.gguf CHECK.json [ADAPTER.gguf]
//
// CHECK.json (made by `export`): { prompts: [{ text, tokens, greedy, margins, probabilities }], round_trips: [text] }.
// With attention in f32, as in PyTorch, greedy tokens must be the same (up to a place where two are equally likely, within
// 2e-3), probabilities of the first token must be within 1e-3, and every text must survive tokenising. The change of a
// first probability by flash attention, which is faster and uses f16, is reported but not judged.
// Prints one JSON object on stdout; exits with 1 if something differs.
import { readFile } from "node:fs/promises";
import { getLlama } from "node-llama-cpp";

const [file, checkFile, adapter] = process.argv.slice(2);
const check = JSON.parse(await readFile(checkFile, "utf8"));
const llama = await getLlama({ build: "never", skipDownload: true, gpu: false, maxThreads: 1, logLevel: "error" });
const model = await llama.loadModel({ modelPath: file, useMmap: false });

const differences = [];
let tokens = 0;
let ties = 0;
let worst = 0;
const exact = await opened({ flashAttention: false, experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32" });
for (const prompt of check.prompts) {
  // Llama and Gemma put a start token before every text.
  const begins = prompt.tokens[0] === model.tokens.bos ? [model.tokens.bos] : [];
  const bare = model.tokenize(prompt.text);
  const here = bare[0] === begins[0] ? bare : [...begins, ...bare];
  if (here.join() !== prompt.tokens.join())
    differences.push(`tokens of ${JSON.stringify(prompt.text)}: ${here} for ${prompt.tokens}`);
  const { made, gap } = await written(exact, prompt, prompt.greedy.length);
  worst = Math.max(worst, gap);
  tokens += made.length;
  const at = prompt.greedy.findIndex((token, place) => token !== made[place]);
  if (at >= 0 && prompt.margins[at] < 2e-3) ties++;
  else if (at >= 0) differences.push(`${JSON.stringify(prompt.text)}: token ${at} is ${made[at]} for ${prompt.greedy[at]}`);
}
const flash = await opened({ flashAttention: "auto" });
let flashGap = 0;
for (const prompt of check.prompts) flashGap = Math.max(flashGap, (await written(flash, prompt, 1)).gap);
for (const text of check.round_trips) {
  const back = model.detokenize(model.tokenize(text));
  if (back !== text) differences.push(`${JSON.stringify(text)} comes back as ${JSON.stringify(back)}`);
}
if (worst > 1e-3) differences.push(`a probability differs by ${worst}`);

console.log(
  JSON.stringify({
    prompts: check.prompts.length,
    tokens,
    ties,
    worst_probability_gap: worst,
    flash_probability_gap: flashGap,
    differences,
  }),
);
process.exitCode = differences.length > 0 ? 1 : 0;
await llama.dispose();

/** A sequence to write in, with the given kind of attention. */
async function opened(attention) {
  const context = await model.createContext({
    contextSize: Math.min(512, model.trainContextSize),
    threads: 1,
    ...attention,
    ...(adapter && { lora: adapter }),
  });
  return context.getSequence();
}

/** The greedy continuation of a prompt, and the largest difference of its first probabilities from PyTorch's. */
async function written(sequence, { tokens: prompt, probabilities }, length) {
  await sequence.clearHistory();
  const made = [];
  let gap = 0;
  const stream = sequence.evaluateWithMetadata(prompt, { probabilities: true }, { temperature: 0, yieldEogToken: true });
  for await (const { token, probabilities: all } of stream) {
    if (made.length === 0) gap = largestGap(probabilities, all);
    made.push(token);
    if (made.length === length) break;
  }
  return { made, gap };
}

/** The largest difference between probabilities of the same tokens: `expected` is `[[token, probability]]`, `found` a map. */
function largestGap(expected, found) {
  return Math.max(...expected.map(([token, probability]) => Math.abs(probability - (found.get(token) ?? 0))));
}
