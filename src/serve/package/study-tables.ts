import { createHmac } from "node:crypto";
import type { Study } from "../../workbench/study.ts";
import { base32 } from "../ids.ts";
import { judgmentsTable } from "./judgments-table.ts";
import { participantsTable } from "./participants-table.ts";
import type { Choices, Published } from "./published.ts";
import { formsTable, generationsTable, stimuliTable, storiesTable } from "./shown-tables.ts";
import type { Table } from "./table.ts";
import { publishing } from "./texts.ts";

/** The tables of a study, without who anybody is. `secret` makes the participants' new names, the same ones each time. */
export function tablesOf(study: Study, published: Published, choices: Choices, secret: string): Table[] {
  const rules = publishing(choices.texts, published.stories);
  const nameOf = (participant: string) =>
    base32(createHmac("sha256", secret).update(participant).digest().subarray(0, 10));
  return [
    participantsTable(study, published, choices, nameOf),
    judgmentsTable(study, published, choices, nameOf),
    formsTable(published),
    stimuliTable(published, rules),
    ...(published.stories.length > 0 ? [storiesTable(published, rules)] : []),
    ...(published.generations.length > 0 ? [generationsTable(published, rules)] : []),
  ];
}
