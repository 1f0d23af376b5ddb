import { z } from "zod";
import { printedTable } from "../findings/terminal.ts";
import { clusteredMean } from "../stats/clustered.ts";
import { proportionVerdict } from "../stats/verdict-test.ts";
import type { Table } from "../study/finding.ts";
import { counted } from "../study/print.ts";
import { StudyError } from "../workbench/errors.ts";
import { command } from "../workbench/stage.ts";
import type { Pair } from "./data.ts";
import { replays } from "./replays.ts";

/** `tinylove replay`: the judgments of a published study under our tests. */
export const replay = command({
  name: "replay",
  summary: "Put the judgments of a published study through our tests",
  examples: ["tinylove replay deepspeare --data deepspeare.csv"],
  parameters: [["<study>", `which: ${replays.map(({ name }) => name).join(", ")}`]],
  flags: [
    ["--data <file>", "its table, as its authors published it"],
    ["--json", "print every figure with full precision"],
  ],
  options: z.object({
    study: z.string(),
    data: z.string({ error: "name the published table" }),
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

/** Margins that are asked: the one within which the published share is shown to be equivalent, and one in which it is not. */
const margins = [0.1, 0.05];

interface Replayed {
  readonly model: string;
  readonly judgments: number;
  readonly readers: number;
  readonly found: number;
  readonly share: number;
  /** As if judgments were independent, clustered by reader, and by reader and by pair. */
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

/** The share in which the human text was found, as published, and whether it is shown to be equivalent to guessing. */
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
    printedTable(table),
  ].join("\n");
}
