import { z } from "zod";
import { tableText } from "../findings/terminal.ts";
import { clusteredMean } from "../stats/clustered.ts";
import { proportionVerdict } from "../stats/verdict-test.ts";
import type { Table } from "../study/finding.ts";
import { counted } from "../study/print.ts";
import { StudyError } from "../workbench/errors.ts";
import { command } from "../workbench/stage.ts";
import type { Pair } from "./data.ts";
import { replays } from "./replays.ts";

/** `tinylove replay`: analyses the judgments of a published study with our tests. */
export const replay = command({
  name: "replay",
  examples: ["tinylove replay deepspeare --data deepspeare.csv"],
  parameters: [["<study>", `one of: ${replays.map(({ name }) => name).join(", ")}`]],
  flags: [
    ["--data <file>", "the table as its authors published it"],
    ["--json", "print every figure with full precision"],
  ],
  options: z.object({
    study: z.string(),
    data: z.string({ error: "give the published table" }),
    json: z.boolean().default(false),
  }),
  async run(_, { study, data, json }, effects) {
    const found = replays.find(({ name }) => name === study);
    if (!found) {
      throw new StudyError(`no published study ${study}`, {
        hint: `try ${replays.map(({ name }) => name).join(", ")}`,
      });
    }
    const parts = [...(await found.read(data))].map(([model, pairs]) => replayed(model, pairs));
    if (json) effects.print(JSON.stringify(parts, null, 2));
    else effects.print(`${found.published}\n\n${parts.map(printedPart).join("\n\n")}`);
  },
});

/** The two margins tested: equivalence is shown within the first and not within the second. */
const margins = [0.1, 0.05];

interface Replayed {
  readonly model: string;
  readonly judgments: number;
  readonly readers: number;
  readonly found: number;
  readonly share: number;
  /** For independent judgments, clustered by reader, and clustered by reader and by pair. */
  readonly standardErrors: {
    readonly independent: number;
    readonly byReader: number;
    readonly byBoth: number;
  };
  readonly margins: readonly {
    readonly margin: number;
    readonly clusteredP: number;
    readonly differenceP: number;
    readonly verdict: string;
  }[];
}

/** The published share of pairs in which the human text was found, and its equivalence to guessing. */
export function replayed(model: string, pairs: readonly Pair[]): Replayed {
  const correct = pairs.map(({ humanSide, chosenSide }) => humanSide === chosenSide);
  const right = correct.map(Number);
  const found = right.reduce((sum, one) => sum + one, 0);
  const readers = pairs.map(({ participant }) => participant);
  const stories = pairs.map(({ stimulus }) => stimulus);
  const share = found / pairs.length;
  return {
    model,
    judgments: pairs.length,
    readers: new Set(readers).size,
    found,
    share,
    standardErrors: {
      independent: Math.sqrt((share * (1 - share)) / pairs.length),
      byReader: clusteredMean(right, [readers]).standardError,
      byBoth: clusteredMean(right, [readers, stories]).standardError,
    },
    margins: margins.map((margin) => {
      const test = proportionVerdict({ correct, readers, stories }, { margin });
      return {
        margin,
        clusteredP: test.equivalenceP,
        differenceP: test.differenceP,
        verdict: test.verdict,
      };
    }),
  };
}

function printedPart(part: Replayed): string {
  const { model, found, judgments, share, readers, standardErrors } = part;
  const errors = [
    `standard error ${standardErrors.independent.toFixed(4)} if judgments were independent`,
    `${standardErrors.byReader.toFixed(4)} clustered by reader`,
    `${standardErrors.byBoth.toFixed(4)} clustered by reader and by pair`,
  ];
  const table: Table = {
    columns: [
      { key: "margin", label: "Equivalence within", format: "text" },
      { key: "shown", label: "Shown", format: "text" },
      { key: "clusteredP", label: "p, equivalence", format: "p" },
      { key: "differenceP", label: "p, difference", format: "p" },
      { key: "verdict", label: "Verdict", format: "text" },
    ],
    rows: part.margins.map((one) => ({
      ...one,
      margin: one.margin.toFixed(2),
      shown: one.verdict === "equivalent",
    })),
  };
  return [
    `${model}: the human text was found in ${found} of ${judgments} (${share.toFixed(3)}) by ${counted(readers, "reader")}`,
    `  ${errors.join(", ")}`,
    tableText(table),
  ].join("\n");
}
