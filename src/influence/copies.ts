import { type Finding, sentence, table } from "../study/finding.ts";
import { counted, percent, printed } from "../study/print.ts";
import { ngramIndex } from "../text/copying.ts";
import { textSpace } from "../text/similarity.ts";
import { meanOf } from "./likeness.ts";
import { excesses } from "./pairs.ts";
import { type InfluenceInput, ownExamples } from "./seen.ts";

/** Words in a row that two writers hardly share by chance; such a text is a copy in part. */
const copiedWords = 8;

/**
 * Copying, told apart from leaking: how many texts share eight words in a row or more with their own example, and how
 * much likeness to the own example is left without them. All are first attempts: nothing was drawn again.
 */
export function copies(seen: InfluenceInput): { findings: Finding[]; numbers: Record<string, unknown> } {
  const { texts, examples } = seen;
  const own = ownExamples(seen);
  const runs = examples.map(({ text }) => ngramIndex([text], copiedWords));
  const copying = texts.map(({ text }, at) => runs[own[at]!]!.nearest(text) !== undefined);
  const space = textSpace([...examples.map(({ text }) => text), ...texts.map(({ text }) => text)]);
  const excess = excesses(seen, space);
  const copied = copying.filter(Boolean).length;
  const [all, others] = [meanOf(excess), meanOf(excess.filter((_, at) => !copying[at]))];
  const rest =
    copied === 0 || copied === texts.length
      ? ""
      : ` Without them a text is ${printed(others, "number")} more like its own example, in words, than like the others; with them ${printed(all, "number")}.`;
  const share = copied / texts.length;
  return {
    findings: [
      sentence(
        "result",
        `Copying: ${counted(copied, "text")} of ${texts.length} (${percent(share)}) ${copied === 1 ? "shares" : "share"} ${copiedWords} words in a row or more with ${copied === 1 ? "its" : "their"} own example.${rest} All texts are first attempts: none was drawn again.`,
      ),
      ...(copied > 0
        ? [table("detail", "Texts that copy their own example", copiesTable(seen, copying))]
        : []),
    ],
    numbers: { copies: { copied, texts: texts.length, excess: all, withoutCopies: others } },
  };
}

const copiesTable = (seen: InfluenceInput, copying: readonly boolean[]) => {
  const own = ownExamples(seen);
  return {
    columns: [
      { key: "title", label: "title", format: "text" as const },
      { key: "example", label: "example", format: "text" as const },
    ],
    rows: seen.texts.flatMap(({ title }, at) =>
      copying[at] ? [{ title, example: seen.examples[own[at]!]!.title }] : [],
    ),
  };
};
