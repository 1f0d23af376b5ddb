import type { Form } from "../study/form.ts";
import { phrasesOf } from "../survey/languages.ts";
import { aboutItems } from "../tasks/asked.ts";
import { type Item, isClosed, levelsOf } from "../tasks/items.ts";
import { taskNamed } from "../tasks/tasks.ts";
import type { Study } from "../workbench/study.ts";
import type { Choices, Published } from "./published.ts";
import type { Column, Table } from "./table.ts";
import { sortedBy } from "./table.ts";

/** Who answered, under new names: the form, how they answered, and of their own questions what is chosen. */
export function participantsTable(
  study: Study,
  { participants, judgments, forms }: Published,
  { demographics }: Choices,
  nameOf: (participant: string) => string,
): Table {
  const fields = askedAbout(study, forms).filter(
    (item) => demographics === "all" || (demographics === "closed" && isClosed(item)),
  );
  const told = new Map<string, Record<string, unknown>>();
  for (const { participant, task, response } of judgments) {
    if (taskNamed(task)?.kind === "about") told.set(participant, { ...told.get(participant), ...response });
  }
  const rows = participants.map((row) => {
    const own = told.get(row["participant"]!) ?? {};
    const [began, ended] = [Date.parse(row["started"] ?? ""), Date.parse(row["completed"] ?? "")];
    return {
      participant: nameOf(row["participant"]!),
      form: row["form"],
      day: row["started"]?.slice(0, 10) || undefined,
      completed: row["completed"] === undefined ? undefined : row["completed"] !== "",
      seconds: Number.isNaN(ended - began) ? undefined : Math.round((ended - began) / 1000),
      ...Object.fromEntries(conductColumns.map(({ name, type }) => [name, conductCell(row[name], type)])),
      simulated: row["simulated"] === "yes",
      ...Object.fromEntries(fields.map(({ name }) => [name, own[name] as string | undefined])),
    };
  });
  return {
    name: "participants",
    title: "Who took part, a row a person; names are random and stand nowhere else",
    key: "participant",
    columns: [
      {
        name: "participant",
        type: "string",
        required: true,
        meaning: "A random name, made for this package",
      },
      { name: "form", type: "string", required: true, meaning: "The form that was answered" },
      { name: "day", type: "date", meaning: "The day of consent, in UTC; hours are left out" },
      { name: "completed", type: "boolean", meaning: "Whether every question was answered" },
      { name: "seconds", type: "integer", unit: "s", least: 0, meaning: "From consent to the last answer" },
      ...conductColumns,
      { name: "simulated", type: "boolean", required: true, meaning: "A program, not a person" },
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

/** What the forms ask people about themselves. */
const askedAbout = ({ config: { survey } }: Study, forms: readonly Form[]): Item[] =>
  aboutItems(
    forms.flatMap(({ questions }) => questions.map(({ task }) => task)),
    survey,
    phrasesOf(survey.language),
  );

/** The questions about themselves that people answer with one of several fixed answers, by name. */
export const closedQuestions = (study: Study, forms: readonly Form[]): string[] =>
  askedAbout(study, forms)
    .filter(isClosed)
    .map(({ name }) => name);

/** What `judgments/participants.csv` says of how somebody answered. */
const conductColumns: readonly Column[] = [
  {
    name: "fast_pages",
    type: "integer",
    unit: "pages",
    least: 0,
    meaning: "Stories answered in less time than anybody can read them in",
  },
  {
    name: "straight_lining",
    type: "boolean",
    meaning: "One answer to every story of a task, of five or more",
  },
  { name: "failed_checks", type: "integer", least: 0, meaning: "Attention checks that were not followed" },
  {
    name: "filled_traps",
    type: "integer",
    unit: "pages",
    least: 0,
    meaning: "Pages whose hidden field, which people cannot see, was filled in",
  },
  { name: "pasted_answers", type: "integer", least: 0, meaning: "Answers with pasted text" },
];

function conductCell(value: string | undefined, type: Column["type"]) {
  if (!value) return undefined;
  return type === "boolean" ? value === "yes" : Number(value);
}

/**
 * How many people nobody else shares all their answers to the fixed questions about themselves with: who knows them
 * may find them.
 */
export function aloneWithTheirAnswers(table: Table, fields: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const row of table.rows) {
    if (row["simulated"] || fields.every((name) => row[name] === undefined)) continue;
    const combination = JSON.stringify(fields.map((name) => row[name] ?? null));
    counts.set(combination, (counts.get(combination) ?? 0) + 1);
  }
  return [...counts.values()].filter((count) => count === 1).length;
}
