import { createHmac } from "node:crypto";
import { measuresOf } from "../measures/measures.ts";
import { base32 } from "../survey/ids.ts";
import type { Study } from "../workbench/study.ts";
import { codesTable, codingsTable } from "./codings-tables.ts";
import { generationsTable } from "./generations-table.ts";
import { judgmentsTable } from "./judgments-table.ts";
import { measuresTable } from "./measures-table.ts";
import type { PackageData, PackageOptions } from "./package-data.ts";
import { participantsTable } from "./participants-table.ts";
import { formsTable, stimuliTable, storiesTable } from "./stimuli-tables.ts";
import type { Table } from "./table.ts";
import { textRules } from "./text-licences.ts";

/** The tables of a study without personal data. New names of participants and coders are made with `secret`, the same each time. */
export function tablesOf(
  study: Study,
  published: PackageData,
  choices: PackageOptions,
  secret: string,
): Table[] {
  const rules = textRules(choices.texts, published.stories);
  const newName = (kind: string, name: string) =>
    base32(createHmac("sha256", secret).update(`${kind}${name}`).digest().subarray(0, 10));
  const participantName = (participant: string) => newName("", participant);
  const codings = codingsTable(published, (coder) => newName("coder ", coder));
  return [
    participantsTable(study, published, choices, participantName),
    judgmentsTable(study, published, choices, participantName),
    formsTable(published),
    stimuliTable(published, rules),
    ...(published.stories.length > 0 ? [storiesTable(published, rules)] : []),
    ...(published.generations.length + published.factorial.length > 0
      ? [generationsTable(published, rules)]
      : []),
    ...(published.measured.length > 0 ? [measuresTable(published, measuresOf(study), rules)] : []),
    ...(codings.rows.length > 0 ? [codings, codesTable(published)] : []),
  ];
}
