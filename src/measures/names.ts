import type { QuickMeasure } from "./measure.ts";
import type { Token } from "./tokens.ts";

/** Different names, as runs of proper nouns: `Aunt Mercy Njeri` is one. */
export const names: QuickMeasure = {
  name: "names",
  label: "different names",
  meaning: "different names of people, places and things",
  unit: "names",
  format: "number",
  version: 1,
  of: ({ sentences }) => new Set(sentences.flatMap(namesIn)).size,
};

/** The full names in a sentence. */
export function namesIn(sentence: readonly Token[]): string[] {
  const found: string[] = [];
  let run: string[] = [];
  for (const { text, pos } of [...sentence, sentinel]) {
    if (pos === "PROPN" && /^\p{Lu}/u.test(text)) run.push(text);
    else {
      if (run.length > 0) found.push(run.join(" "));
      run = [];
    }
  }
  return found;
}

const sentinel: Pick<Token, "text" | "pos"> = { text: "", pos: "" };
