import type { LlamaModel, Token } from "node-llama-cpp";

/** The position where the stop begins, if the text has just reached its end; else undefined. */
export function stopPosition(model: LlamaModel, tokens: readonly Token[], stop: string): number | undefined {
  if (!mayEnd(model, tokens.at(-1)!, stop)) return undefined;
  const from = Math.max(0, tokens.length - tail - stop.length);
  const text = model.detokenize(tokens.slice(from));
  for (let at = text.lastIndexOf(stop); at >= 0; at = at === 0 ? -1 : text.lastIndexOf(stop, at - 1)) {
    if (/[\p{L}\p{N}\p{M}]$/u.test(text.slice(0, at))) continue;
    let position = tokens.length;
    while (position > from && model.detokenize(tokens.slice(from, position)).length > at) position--;
    return position;
  }
  return undefined;
}

/** How many last tokens are searched for a stop; a token has at least one byte. */
const tail = 24;

/** Whether a token can end the stop. Most cannot, and knowing that saves detokenising the end of the text. */
function mayEnd(model: LlamaModel, token: Token, stop: string): boolean {
  const last = stop.at(-1)!;
  if (last >= "\u0080") return true;
  const known = endings.get(model) ?? new Map<string, boolean>();
  endings.set(model, known);
  const key = `${last}${token}`;
  const may = known.get(key) ?? model.detokenize([token]).includes(last);
  known.set(key, may);
  return may;
}

const endings = new WeakMap<LlamaModel, Map<string, boolean>>();

/** The length of a text's end that may still become the stop, or is an incomplete character. */
export function uncertain(text: string, stop = ""): number {
  for (let length = Math.min(stop.length, text.length); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return /\uFFFD*$/.exec(text)![0].length;
}
