import type { Form } from "../study/form.ts";
import type { Judgment } from "../study/judgment.ts";
import type { Key } from "../study/stimulus.ts";
import { phrasesOf } from "../survey/languages.ts";
import { type Item, isClosed, levelsOf } from "../tasks/items.ts";
import { taskNamed } from "../tasks/tasks.ts";
import type { Study } from "../workbench/study.ts";
import type { Choices, Published } from "./published.ts";
import type { Column, Table } from "./table.ts";
import { sortedBy } from "./table.ts";

/** Every answer, with who wrote what was judged, whether the answer was right, and whether the verdict stands on it. */
export function judgmentsTable(
  study: Study,
  { judgments, forms, key, verdict }: Published,
  { ownWords }: Choices,
  nameOf: (participant: string) => string,
): Table {
  const asked = itemsByTask(study, forms);
  const isTold = (item: Item) => item.name !== "answer" && (isClosed(item) || ownWords);
  // What is asked of people themselves stands with them; remarks are their own words.
  const shown = judgments.filter(
    ({ task }) => !isAbout(task) && (ownWords || taskNamed(task)?.kind !== "text"),
  );
  const details = new Map<string, Item>();
  for (const [task, items] of asked) {
    if (!isAbout(task)) for (const item of items.filter(isTold)) details.set(item.name, item);
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
    ...writersOf({ response, stimuli, ...judgment }, key),
    response: String(response.answer),
    right: rightnessOf({ response, stimuli, ...judgment }, key),
    in_verdict: verdict?.judged({ response, stimuli, ...judgment }),
    ...Object.fromEntries([...details.values()].map((item) => [item.name, detailOf(response, item)])),
    ms: judgment.ms,
    simulated: judgment.simulated,
  }));
  return {
    name: "judgments",
    title: "What was answered, a row an answer",
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
        meaning: "The text; empty where none was shown",
      },
      { name: "second_stimulus", type: "string", refersTo: "stimuli", meaning: "The other text of a pair" },
      {
        name: "order",
        type: "integer",
        required: true,
        least: 1,
        meaning: "Place of the question as shown, from 1",
      },
      {
        name: "side",
        type: "string",
        levels: ["left", "right"],
        meaning: "Where the second text of a pair stood",
      },
      {
        name: "origin",
        type: "string",
        levels: ["human", "machine"],
        meaning: "Who wrote the text; empty for a pair and where none was shown. Readers were not told",
      },
      {
        name: "human_side",
        type: "string",
        levels: ["left", "right"],
        meaning: "Where the human text of a pair stood",
      },
      { name: "response", type: "string", meaning: meaningOfResponses(asked) },
      {
        name: "right",
        type: "integer",
        levels: ["0", "1"],
        meaning: "1 where the answer is right, 0 where it is wrong; empty where nothing is",
      },
      {
        name: "in_verdict",
        type: "boolean",
        meaning:
          "Whether the study's verdict on single stories stands on it: false where a rule declared before the data leaves it out; empty for other questions, and where the study was not analysed",
      },
      ...[...details.values()].map(
        (item): Column => ({
          name: item.name,
          type: isNumbers(item) ? "integer" : "string",
          meaning: `Answer to: ${item.ask}${item.kind === "scale" ? ` From ${item.ends.join(" to ")}` : ""}`,
          ...(isClosed(item) && { levels: levelsOf(item) }),
        }),
      ),
      {
        name: "ms",
        type: "number",
        unit: "ms",
        least: 0,
        meaning: "From the page being visible to the answer, hidden tabs taken out; empty where not measured",
      },
      {
        name: "simulated",
        type: "boolean",
        required: true,
        meaning: "Drawn by a program, not given by a person",
      },
    ],
    rows: sortedBy(rows, ({ participant, order }) => `${participant} ${String(order).padStart(6, "0")}`),
  };
}

/** What every task that is asked puts before readers, in the survey's language. */
function itemsByTask({ config: { survey } }: Study, forms: readonly Form[]): Map<string, readonly Item[]> {
  const words = phrasesOf(survey.language);
  const names = new Set(forms.flatMap(({ questions }) => questions.map(({ task }) => task)));
  return new Map([...names].map((name) => [name, taskNamed(name)?.items(words, survey.demographics) ?? []]));
}

const isAbout = (task: string): boolean => taskNamed(task)?.kind === "about";

function meaningOfResponses(asked: ReadonlyMap<string, readonly Item[]>): string {
  const meanings = [...asked].flatMap(([task, items]) => {
    const item = items.find(({ name }) => name === "answer");
    if (!item || isAbout(task)) return [];
    const ends = item.kind === "scale" ? ` (${item.ends.join(" to ")})` : "";
    return `${task}: ${item.ask} ${isClosed(item) ? levelsOf(item).join(", ") : "free text"}${ends}`;
  });
  return `The answer. ${meanings.join("; ")}`;
}

function rightnessOf(judgment: Judgment, key: ReadonlyMap<string, Key>): number | undefined {
  return taskNamed(judgment.task)?.score(judgment.response as never, originsAsShown(judgment, key));
}

function writersOf(judgment: Judgment, key: ReadonlyMap<string, Key>) {
  const [first, second] = originsAsShown(judgment, key);
  if (second === undefined) return { origin: first };
  return { human_side: first === "human" ? "left" : "right" };
}

/** From left to right; `side` is where the second text of a pair stood. */
function originsAsShown({ side, stimuli }: Judgment, key: ReadonlyMap<string, Key>): Key["origin"][] {
  const shown = side === "left" ? [...stimuli].reverse() : stimuli;
  return shown.flatMap((id) => key.get(id)?.origin ?? []);
}

/** A scale whose levels are numbers is one to count with. */
const isNumbers = (item: Item): boolean =>
  item.kind === "scale" && item.levels.every((level) => /^\d+$/.test(level));

function detailOf(response: Readonly<Record<string, unknown>>, item: Item): string | number | undefined {
  const value = response[item.name];
  if (value === undefined) return undefined;
  return isNumbers(item) ? Number(value) : String(value);
}
