import type { Form } from "../study/form.ts";
import type { Judgment } from "../study/judgment.ts";
import type { Key } from "../study/stimulus.ts";
import { phrasesOf } from "../survey/languages.ts";
import { type Item, isChosen, isClosed, levelsOf } from "../tasks/items.ts";
import { taskNamed } from "../tasks/tasks.ts";
import type { Study } from "../workbench/study.ts";
import type { PackageData, PackageOptions } from "./package-data.ts";
import type { Column, Table } from "./table.ts";
import { sortedBy } from "./table.ts";

/** All answers, with the origin of the texts, whether the answer is right, and whether the verdict is based on it. */
export function judgmentsTable(
  study: Study,
  { judgments, forms, key, verdict }: PackageData,
  { ownWords }: PackageOptions,
  nameOf: (participant: string) => string,
): Table {
  const asked = itemsByTask(study, forms);
  const isPublished = (item: Item) => item.name !== "answer" && (isChosen(item) || ownWords);
  // Demographics are in the table of participants; free text is published only with --own-words.
  const shown = judgments.filter(
    ({ task }) => !isAbout(task) && (ownWords || taskNamed(task)?.kind !== "text"),
  );
  const conditions = [
    ...new Set(forms.flatMap((form) => form.conditions ?? []).map(({ name }) => name)),
  ].sort();
  const details = new Map<string, Item>();
  for (const [task, items] of asked) {
    if (!isAbout(task)) for (const item of items.filter(isPublished)) details.set(item.name, item);
  }
  const rows = shown.map(({ response, stimuli, ...judgment }) => ({
    participant: nameOf(judgment.participant),
    form: judgment.form,
    question: judgment.question,
    task: judgment.task,
    stimulus: stimuli[0],
    second_stimulus: stimuli[1],
    order: judgment.order,
    side: judgment.side,
    ...(conditions.length > 0 && { condition: judgment.condition, told: judgment.told }),
    ...originColumns({ response, stimuli, ...judgment }, key),
    response: String(response.answer),
    correct: correctnessOf({ response, stimuli, ...judgment }, key),
    in_verdict: verdict?.isInVerdict({ response, stimuli, ...judgment }),
    ...Object.fromEntries([...details.values()].map((item) => [item.name, detailCell(response, item)])),
    ms: judgment.ms,
    simulated: judgment.simulated,
  }));
  return {
    name: "judgments",
    title: "The judgments, one row for each answer",
    columns: [
      {
        name: "participant",
        type: "string",
        required: true,
        refersTo: "participants",
        meaning: "Who answered",
      },
      { name: "form", type: "string", required: true, meaning: "The form" },
      { name: "question", type: "string", required: true, refersTo: "forms", meaning: "What was asked" },
      {
        name: "task",
        type: "string",
        required: true,
        levels: [...asked.keys()].filter((task) => !isAbout(task)).sort(),
        meaning: "The kind of question",
      },
      {
        name: "stimulus",
        type: "string",
        refersTo: "stimuli",
        meaning: "The text; empty if none was shown",
      },
      { name: "second_stimulus", type: "string", refersTo: "stimuli", meaning: "The other text of a pair" },
      {
        name: "order",
        type: "integer",
        required: true,
        least: 1,
        meaning: "Position of the question as shown, from 1",
      },
      {
        name: "side",
        type: "string",
        levels: ["left", "right"],
        meaning: "Position of the second text of a pair",
      },
      ...(conditions.length > 0 ? conditionColumns(conditions) : []),
      {
        name: "origin",
        type: "string",
        levels: ["human", "machine"],
        meaning: `Origin of the text; empty for a pair or if none was shown. ${conditions.length > 0 ? "Readers were told what the column told says" : "Readers did not know it"}`,
      },
      {
        name: "human_side",
        type: "string",
        levels: ["left", "right"],
        meaning: "Position of the human text of a pair",
      },
      { name: "response", type: "string", meaning: meaningOfResponses(asked) },
      {
        name: "correct",
        type: "integer",
        levels: ["0", "1"],
        meaning: "1 if the answer is correct, 0 if it is not; empty if it can be neither",
      },
      {
        name: "in_verdict",
        type: "boolean",
        meaning:
          "Whether the study's verdict on single stories is based on this judgment: false if an exclusion rule declared before data collection leaves it out; empty for other questions, and if the study was not analysed",
      },
      ...[...details.values()].map(
        (item): Column => ({
          name: item.name,
          type: isNumeric(item) ? "integer" : "string",
          meaning: `Answer to: ${item.ask}${item.kind === "scale" ? ` From ${item.ends.join(" to ")}` : ""}`,
          ...(isClosed(item) && { levels: levelsOf(item) }),
        }),
      ),
      {
        name: "ms",
        type: "number",
        unit: "ms",
        least: 0,
        meaning:
          "Time from the page being visible to the answer, without time in a hidden tab; empty if not measured",
      },
      {
        name: "simulated",
        type: "boolean",
        required: true,
        meaning: "Generated by a program, not given by a person",
      },
    ],
    rows: sortedBy(rows, ({ participant, order }) => `${participant} ${String(order).padStart(6, "0")}`),
  };
}

const conditionColumns = (conditions: readonly string[]): Column[] => [
  {
    name: "condition",
    type: "string",
    levels: conditions,
    meaning: "The condition in which the text was read: settings.json, compose.conditions",
  },
  {
    name: "told",
    type: "string",
    meaning:
      "What was written above the text about its author, truly or not: human, machine or a name; empty if nothing",
  },
];

/** The items of every task in the forms, in the survey's language. */
function itemsByTask({ config: { survey } }: Study, forms: readonly Form[]): Map<string, readonly Item[]> {
  const words = phrasesOf(survey.language);
  const names = new Set(forms.flatMap(({ questions }) => questions.map(({ task }) => task)));
  return new Map([...names].map((name) => [name, taskNamed(name)?.items(words, survey.demographics) ?? []]));
}

const isAbout = (task: string): boolean => taskNamed(task)?.kind === "about";

function answersOf(item: Item): string {
  if (item.kind === "several")
    return `any of ${item.options.map(([value]) => value).join(", ")}, separated by |`;
  return isClosed(item) ? levelsOf(item).join(", ") : "free text";
}

function meaningOfResponses(asked: ReadonlyMap<string, readonly Item[]>): string {
  const meanings = [...asked].flatMap(([task, items]) => {
    const item = items.find(({ name }) => name === "answer");
    if (!item || isAbout(task)) return [];
    const ends = item.kind === "scale" ? ` (${item.ends.join(" to ")})` : "";
    return `${task}: ${item.ask} ${answersOf(item)}${ends}`;
  });
  return `The answer. ${meanings.join("; ")}`;
}

function correctnessOf(judgment: Judgment, key: ReadonlyMap<string, Key>): number | undefined {
  return taskNamed(judgment.task)?.score(judgment.response as never, originsAsShown(judgment, key));
}

function originColumns(judgment: Judgment, key: ReadonlyMap<string, Key>) {
  const [first, second] = originsAsShown(judgment, key);
  if (second === undefined) return { origin: first };
  return { human_side: first === "human" ? "left" : "right" };
}

/** Origins from left to right; `side` is the position of the second text of a pair. */
function originsAsShown({ side, stimuli }: Judgment, key: ReadonlyMap<string, Key>): Key["origin"][] {
  const shown = side === "left" ? [...stimuli].reverse() : stimuli;
  return shown.flatMap((id) => key.get(id)?.origin ?? []);
}

/** Whether an item is a scale with numbers as levels. */
const isNumeric = (item: Item): boolean =>
  item.kind === "scale" && item.levels.every((level) => /^\d+$/.test(level));

function detailCell(response: Readonly<Record<string, unknown>>, item: Item): string | number | undefined {
  const value = response[item.name];
  if (value === undefined) return undefined;
  return isNumeric(item) ? Number(value) : String(value);
}
