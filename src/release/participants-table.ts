import type { Form } from "../study/form.ts";
import { phrasesOf } from "../survey/languages.ts";
import { type Item, isChosen, isClosed, levelsOf } from "../tasks/items.ts";
import { aboutItems } from "../tasks/task-settings.ts";
import { taskNamed } from "../tasks/tasks.ts";
import type { Study } from "../workbench/study.ts";
import type { PackageData, PackageOptions } from "./package-data.ts";
import type { Column, Table } from "./table.ts";
import { sortedBy } from "./table.ts";

/** The participants under new names: form, response quality, and the chosen demographic answers. */
export function participantsTable(
  study: Study,
  { participants, judgments, forms }: PackageData,
  { demographics }: PackageOptions,
  nameOf: (participant: string) => string,
): Table {
  const fields = demographicItems(study, forms).filter(
    (item) => demographics === "all" || (demographics === "closed" && isChosen(item)),
  );
  const answersOf = new Map<string, Record<string, unknown>>();
  for (const { participant, task, response } of judgments) {
    if (taskNamed(task)?.kind === "about")
      answersOf.set(participant, { ...answersOf.get(participant), ...response });
  }
  const groups = [...new Set(forms.flatMap(({ group }) => group ?? []))].sort();
  const sources = [...new Set(participants.flatMap(({ recruited }) => recruited || []))].sort();
  const rows = participants.map((row) => {
    const answers = answersOf.get(row["participant"]!) ?? {};
    const [started, completed] = [Date.parse(row["started"] ?? ""), Date.parse(row["completed"] ?? "")];
    return {
      participant: nameOf(row["participant"]!),
      form: row["form"],
      ...(groups.length > 0 && { condition: row["condition"], deceived: row["deceived"] === "yes" }),
      ...(sources.length > 0 && { recruited: row["recruited"] }),
      day: row["started"]?.slice(0, 10) || undefined,
      completed: row["completed"] === undefined ? undefined : row["completed"] !== "",
      seconds: Number.isNaN(completed - started) ? undefined : Math.round((completed - started) / 1000),
      ...Object.fromEntries(qualityColumns.map(({ name, type }) => [name, qualityCell(row[name], type)])),
      simulated: row["simulated"] === "yes",
      ...Object.fromEntries(fields.map(({ name }) => [name, answers[name] as string | undefined])),
    };
  });
  return {
    name: "participants",
    title: "The participants, one row for each; names are random and made for this package",
    key: "participant",
    columns: [
      {
        name: "participant",
        type: "string",
        required: true,
        meaning: "A random name, made for this package",
      },
      { name: "form", type: "string", required: true, meaning: "The form" },
      ...(groups.length > 0
        ? ([
            {
              name: "condition",
              type: "string",
              levels: groups,
              meaning:
                "The condition in which the participant read; with conditions by story, the assignment of conditions to stories",
            },
            {
              name: "deceived",
              type: "boolean",
              meaning: "Whether something untrue was written above a story; then the debriefing corrected it",
            },
          ] satisfies Column[])
        : []),
      ...(sources.length > 0
        ? ([
            {
              name: "recruited",
              type: "string",
              levels: sources,
              meaning:
                "Where the participant came from: a source of the study's links, or a recruiting service",
            },
          ] satisfies Column[])
        : []),
      { name: "day", type: "date", meaning: "The day of consent (UTC), without the time" },
      { name: "completed", type: "boolean", meaning: "Whether every question was answered" },
      {
        name: "seconds",
        type: "integer",
        unit: "s",
        least: 0,
        meaning: "Time from consent to the last answer",
      },
      ...qualityColumns,
      { name: "simulated", type: "boolean", required: true, meaning: "Simulated by a program" },
      ...fields.map(
        (item): Column => ({
          name: item.name,
          type: "string",
          meaning: `Answer to: ${item.ask}`,
          ...(isClosed(item) && { levels: levelsOf(item) }),
        }),
      ),
    ],
    rows: sortedBy(rows, ({ participant }) => participant),
  };
}

/** The demographic questions in the forms. */
const demographicItems = ({ config: { survey } }: Study, forms: readonly Form[]): Item[] =>
  aboutItems(
    forms.flatMap(({ questions }) => questions.map(({ task }) => task)),
    survey,
    phrasesOf(survey.language),
  );

/** The names of the demographic questions with fixed choices. */
export const closedQuestions = (study: Study, forms: readonly Form[]): string[] =>
  demographicItems(study, forms)
    .filter(isChosen)
    .map(({ name }) => name);

/** The columns of `judgments/participants.csv` on response quality. */
const qualityColumns: readonly Column[] = [
  {
    name: "fast_pages",
    type: "integer",
    unit: "pages",
    least: 0,
    meaning: "Pages answered faster than their stories can be read",
  },
  {
    name: "straight_lining",
    type: "boolean",
    meaning: "The same answer to all stories of a task, of five or more",
  },
  { name: "failed_checks", type: "integer", least: 0, meaning: "Failed attention checks" },
  {
    name: "filled_honeypots",
    type: "integer",
    unit: "pages",
    least: 0,
    meaning: "Pages on which a honeypot, a field that people cannot see, was filled in",
  },
  { name: "pasted_answers", type: "integer", least: 0, meaning: "Answers with pasted text" },
];

function qualityCell(value: string | undefined, type: Column["type"]) {
  if (!value) return undefined;
  return type === "boolean" ? value === "yes" : Number(value);
}

/**
 * The number of participants with a unique combination of answers to the demographic questions with fixed choices, by
 * which they could be recognised.
 */
export function countUniqueProfiles(table: Table, fields: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const row of table.rows) {
    if (row["simulated"] || fields.every((name) => row[name] === undefined)) continue;
    const combination = JSON.stringify(fields.map((name) => row[name] ?? null));
    counts.set(combination, (counts.get(combination) ?? 0) + 1);
  }
  return [...counts.values()].filter((count) => count === 1).length;
}
