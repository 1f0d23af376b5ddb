import type { LlamaModel, Token } from "node-llama-cpp";

/** Where the tokens of the stop begin, when the text has just come to its end; undefined when it has not. */
export function stopPlace(model: LlamaModel, tokens: readonly Token[], stop: string): number | undefined {
  if (!mayEnd(model, tokens.at(-1)!, stop)) return undefined;
  const from = Math.max(0, tokens.length - tail - stop.length);
  const text = model.detokenize(tokens.slice(from));
  for (let at = text.lastIndexOf(stop); at >= 0; at = at === 0 ? -1 : text.lastIndexOf(stop, at - 1)) {
    if (/[\p{L}\p{N}\p{M}]$/u.test(text.slice(0, at))) continue;
    let place = tokens.length;
    while (place > from && model.detokenize(tokens.slice(from, place)).length > at) place--;
    return place;
  }
  return undefined;
}

/** Tokens at the end of a text that are looked through for a stop; a token has at least a byte. */
const tail = 24;

/** Most tokens cannot end the stop; to know that of each spares the text's end from being put together each time. */
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

/** The length of what at a text's end may still become the stop, or is half a letter. */
export function uncertain(text: string, stop = ""): number {
  for (let length = Math.min(stop.length, text.length); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return /\uFFFD*$/.exec(text)![0].length;
}
