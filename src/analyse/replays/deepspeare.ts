import { readTable } from "../../tables/tables.ts";
import { StudyError } from "../../workbench/errors.ts";
import type { Pair } from "../data.ts";
import type { Replay } from "./replay.ts";

/**
 * Lau, Cohn, Baldwin, Brooke and Hammond (2018), "Deep-speare": which of two quatrains did a person write? 1,000
 * judgments of two models, published by the authors (jhlau/deepspeare, Apache-2.0) as a table with the columns
 * judgment, unit, golden, reader, left, right, chosen.
 */
export const deepspeare: Replay = {
  name: "deepspeare",
  published: "Lau, Cohn, Baldwin, Brooke and Hammond (2018), Deep-speare",
  async read(file) {
    const rows = await readTable(file, "give the published table with --data FILE");
    const judgments = rows
      .filter(({ golden }) => golden !== "true")
      .map((row, at) => pairOf(row, `${file}, row ${at + 1}`));
    return new Map(
      Object.entries(models).map(([model, name]) => [
        name,
        judgments.filter(({ left, right }) => left === model || right === model),
      ]),
    );
  },
};

/** Short names in the table, and their meaning. */
const models = { lmrm: "language model with metre and rhyme", vlm: "vanilla language model" } as const;

function pairOf(row: Record<string, string>, where: string): Pair {
  const { reader, unit, left, right, chosen } = row;
  const writers = Object.keys(models);
  const asPublished =
    reader &&
    unit &&
    (left === "real") !== (right === "real") &&
    [left, right].every((one) => one === "real" || writers.includes(one!));
  if (!asPublished || (chosen !== left && chosen !== right)) {
    throw new StudyError(`${where}: differs from the published table`, {
      hint: "the table has the columns reader, unit, left, right, chosen with real, lmrm and vlm",
    });
  }
  return {
    participant: reader,
    form: "",
    stimulus: unit,
    humanSide: left === "real" ? "left" : "right",
    chosenSide: chosen === left ? "left" : "right",
    left: left === "real" ? "human" : left!,
    right: right === "real" ? "human" : right!,
  };
}
