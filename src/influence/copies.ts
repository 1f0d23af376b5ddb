import { type Finding, sentence, table } from "../study/finding.ts";
import { modelName } from "../study/generation.ts";
import { counted, listed, percent, printed } from "../study/print.ts";
import { ngramIndex } from "../text/copying.ts";
import { textSpace } from "../text/similarity.ts";
import { type Factorial, ownExampleIndices } from "./factorial.ts";
import { excessSimilarities } from "./pairs.ts";
import { meanOf } from "./similarity.ts";

/** Runs of this many words are rarely shared by chance; such a text is a partial copy. */
const copiedWords = 8;

/**
 * Copying, separated from other leaks: how many texts share at least eight words in a row with their own example, and how
 * similar texts are to their own example without these. All are first attempts: nothing was drawn again.
 */
export function copies(factorial: Factorial): { findings: Finding[]; numbers: Record<string, unknown> } {
  const { texts, examples } = factorial;
  const copying = copyingTexts(factorial);
  const space = textSpace([...examples.map(({ text }) => text), ...texts.map(({ text }) => text)]);
  const excess = excessSimilarities(factorial, space);
  const copied = copying.filter(Boolean).length;
  const [all, others] = [meanOf(excess), meanOf(excess.filter((_, at) => !copying[at]))];
  const rest =
    copied === 0 || copied === texts.length
      ? ""
      : ` The excess similarity in words to the own example is ${printed(all, "number")} with these texts and ${printed(others, "number")} without them.`;
  const share = copied / texts.length;
  return {
    findings: [
      sentence(
        "result",
        `Copying: ${counted(copied, "text")} of ${texts.length} (${percent(share)}) ${copied === 1 ? "shares" : "share"} at least ${copiedWords} words in a row with ${copied === 1 ? "its" : "their"} own example.${rest} All texts are first attempts of ${writersOf(texts)}: none was drawn again.`,
      ),
      ...(copied > 0
        ? [table("detail", "Texts that copy their own example", copiesTable(factorial, copying))]
        : []),
    ],
    numbers: { copies: { copied, texts: texts.length, excess: all, withoutCopies: others } },
  };
}

/** By text: whether it shares at least eight words in a row with its own example. */
export function copyingTexts(factorial: Factorial): boolean[] {
  const own = ownExampleIndices(factorial);
  const runs = factorial.examples.map(({ text }) => ngramIndex([text], copiedWords));
  return factorial.texts.map(({ text }, at) => runs[own[at]!]!.nearest(text) !== undefined);
}

/** The model and its prompt; several only if a study's settings changed in between. */
const writersOf = (texts: Factorial["texts"]): string =>
  listed([
    ...new Set(
      texts.map((text) => `${modelName(text)} with the prompt ${text.prompt.template.split("+")[0]}`),
    ),
  ]);

const copiesTable = (factorial: Factorial, copying: readonly boolean[]) => {
  const own = ownExampleIndices(factorial);
  return {
    columns: [
      { key: "title", label: "title", format: "text" as const },
      { key: "example", label: "example", format: "text" as const },
    ],
    rows: factorial.texts.flatMap(({ title }, at) =>
      copying[at] ? [{ title, example: factorial.examples[own[at]!]!.title }] : [],
    ),
  };
};
