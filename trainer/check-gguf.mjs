// Holds a GGUF file against what PyTorch wrote: node check-gguf.mjs MODEL.gguf CHECK.json [ADAPTER.gguf]
//
// CHECK.json (made by `export`): { prompts: [{ text, tokens, greedy, margins, probabilities }], round_trips: [text] }.
// Greedy tokens have to be the same (up to where two are as likely, each to a thousandth), probabilities of the first
// token within 2e-3 (some 1e-3 is what llama.cpp works out in f16), and every text has to come back whole from its tokens. One JSON object on stdout; exit 1 where
// something differs.
import { readFile } from "node:fs/promises";
import { getLlama } from "node-llama-cpp";

const [file, checkFile, adapter] = process.argv.slice(2);
const check = JSON.parse(await readFile(checkFile, "utf8"));
const llama = await getLlama({ build: "never", skipDownload: true, gpu: false, maxThreads: 1, logLevel: "error" });
const model = await llama.loadModel({ modelPath: file, useMmap: false });
const context = await model.createContext({
  contextSize: Math.min(512, model.trainContextSize),
  threads: 1,
  ...(adapter && { lora: adapter }),
});
const sequence = context.getSequence();

const differences = [];
let worst = 0;
let tokens = 0;
let ties = 0;
for (const { text, tokens: prompt, greedy, margins, probabilities } of check.prompts) {
  const here = model.tokenize(text);
  if (here.join() !== prompt.join()) differences.push(`tokens of ${JSON.stringify(text)}: ${here} for ${prompt}`);
  await sequence.clearHistory();
  const made = [];
  const stream = sequence.evaluateWithMetadata(prompt, { probabilities: true }, { temperature: 0, yieldEogToken: true });
  for await (const { token, probabilities: all } of stream) {
    if (made.length === 0) worst = Math.max(worst, largestGap(probabilities, all));
    made.push(token);
    if (made.length === greedy.length) break;
  }
  tokens += made.length;
  const at = greedy.findIndex((token, place) => token !== made[place]);
  if (at >= 0 && margins[at] < 2e-3) ties++;
  else if (at >= 0) differences.push(`${JSON.stringify(text)}: token ${at} is ${made[at]} for ${greedy[at]}`);
}
for (const text of check.round_trips) {
  const back = model.detokenize(model.tokenize(text));
  if (back !== text) differences.push(`${JSON.stringify(text)} comes back as ${JSON.stringify(back)}`);
}
if (worst > 2e-3) differences.push(`a probability differs by ${worst}`);

console.log(JSON.stringify({ prompts: check.prompts.length, tokens, ties, worst_probability_gap: worst, differences }));
process.exitCode = differences.length > 0 ? 1 : 0;
await llama.dispose();

/** Between the probabilities of the same tokens, `[[token, probability]]` here and a map there. */
function largestGap(expected, found) {
  return Math.max(...expected.map(([token, probability]) => Math.abs(probability - (found.get(token) ?? 0))));
}
