import { createHmac } from "node:crypto";
import { basename } from "node:path";
import type { Form } from "../../study/form.ts";
import type { Generation } from "../../study/generation.ts";
import type { Judgment } from "../../study/judgment.ts";
import type { Key, Stimulus } from "../../study/stimulus.ts";
import { Split, type Story } from "../../study/story.ts";
import type { Item } from "../../tasks/items.ts";
import { taskNamed } from "../../tasks/tasks.ts";
import { countWords } from "../../text/words.ts";
import {
  readForms,
  readGenerations,
  readJudgments,
  readKey,
  readStimuli,
  readStories,
  storiesFile,
} from "../../workbench/artefacts.ts";
import { StudyError } from "../../workbench/errors.ts";
import { exists, sha256 } from "../../workbench/files.ts";
import type { Study } from "../../workbench/study.ts";
import { type Row, readTable } from "../../workbench/tables.ts";
import { participantsFile } from "../exporting.ts";
import { base32 } from "../ids.ts";
import { phrasesOf } from "../languages.ts";
import type { Column, Table } from "./table.ts";
import { type Publishing, publishing, type TextChoice } from "./texts.ts";

/** What is published of what people told: see the flags of `tinylove package`. */
export interface Choices {
  readonly texts: TextChoice;
  /** Of the researcher's own questions: those with fixed answers, none, or all. */
  readonly demographics: "closed" | "none" | "all";
  /** Whether what participants wrote in their own words goes out. */
  readonly ownWords: boolean;
}

/** All that a package is made of, as it lies in the study. */
export interface Published {
  readonly stories: readonly Story[];
  readonly generations: readonly Generation[];
  readonly stimuli: readonly Stimulus[];
  readonly key: ReadonlyMap<string, Key>;
  readonly forms: readonly Form[];
  readonly judgments: readonly Judgment[];
  /** Rows of participants.csv; the judgments' own participants where there is none. */
  readonly participants: readonly Row[];
}

/** Reads the study; throws StudyError where it has no forms, or judgments that are of other forms. */
export async function readPublished(study: Study): Promise<Published> {
  const judgments = (await readJudgments(study)).map(asWritten);
  const published: Published = {
    stories: (await exists(study.path(storiesFile))) ? await readStories(study) : [],
    generations: await readGenerations(study),
    stimuli: await readStimuli(study),
    key: await readKey(study),
    forms: await readForms(study),
    judgments,
    participants: (await exists(study.path(participantsFile)))
      ? await readTable(study.path(participantsFile))
      : participantsOf(judgments),
  };
  checkReferences(published);
  return published;
}

/** The study's own table is safe for spreadsheets; here the mark before a formula comes off again. */
const asWritten = (judgment: Judgment): Judgment => ({
  ...judgment,
  response: Object.fromEntries(
    Object.entries(judgment.response).map(([name, value]) => [
      name,
      typeof value === "string" ? value.replace(/^'(?=[=+\-@\t\r])/, "") : value,
    ]),
  ) as Judgment["response"],
});

const participantsOf = (judgments: readonly Judgment[]): Row[] => [
  ...new Map(
    judgments.map(({ participant, form, simulated }) => [
      participant,
      { participant, form, simulated: simulated ? "yes" : "no" },
    ]),
  ).values(),
];

/** A table that names what another lacks could be opened by nobody. */
function checkReferences({ judgments, participants, forms, stimuli, key }: Published): void {
  const questions = new Set(forms.flatMap((form) => form.questions.map(({ id }) => id)));
  const people = new Set(participants.map(({ participant }) => participant));
  for (const [at, { question, participant }] of judgments.entries()) {
    const missing = !questions.has(question)
      ? `question ${question}`
      : !people.has(participant) && participant;
    if (!missing) continue;
    throw new StudyError(`judgments/judgments.csv, row ${at + 1}: there is no ${missing}`, {
      hint: "bring back the forms that were asked, or run `tinylove judgments`",
    });
  }
  const unknown = stimuli.find(({ id }) => !key.has(id));
  if (unknown) {
    throw new StudyError(`stimulus ${unknown.id} is not in the key`, {
      hint: "run `tinylove compose` again",
    });
  }
}

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

// ---- Participants

function participantsTable(
  { config: { survey } }: Study,
  { participants, judgments }: Published,
  { demographics }: Choices,
  nameOf: (participant: string) => string,
): Table {
  const fields = survey.demographics.filter(
    ({ options }) => demographics === "all" || (demographics === "closed" && options),
  );
  const told = new Map(
    judgments
      .filter(({ task }) => task === "demographics")
      .map(({ participant, response }) => [participant, response as Record<string, unknown>]),
  );
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
        ({ name, ask, options }): Column => ({
          name,
          type: "string",
          meaning: `Answer to: ${ask}`,
          ...(options && { levels: options }),
        }),
      ),
    ],
    rows: sortedBy(rows, ({ participant }) => participant),
  };
}

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

// ---- Judgments

function judgmentsTable(
  study: Study,
  { judgments, forms, key }: Published,
  { ownWords }: Choices,
  nameOf: (participant: string) => string,
): Table {
  const asked = itemsByTask(study, forms);
  const isTold = ({ name, kind }: Item) =>
    name !== "answer" && (kind === "choice" || kind === "scale" || ownWords);
  // What is asked of people themselves stands with them; remarks are their own words.
  const shown = judgments.filter(({ task }) => task !== "demographics" && (task !== "free-text" || ownWords));
  const details = new Map<string, Item>();
  for (const [task, items] of asked) {
    if (task !== "demographics") for (const item of items.filter(isTold)) details.set(item.name, item);
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
    response: String(response.answer),
    right: rightnessOf({ response, stimuli, ...judgment }, key),
    ...Object.fromEntries([...details.keys()].map((name) => [name, detailOf(response, name)])),
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
        levels: [...asked.keys()].filter((task) => task !== "demographics").sort(),
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
      { name: "response", type: "string", meaning: meaningOfResponses(asked) },
      {
        name: "right",
        type: "integer",
        levels: ["0", "1"],
        meaning: "1 where the answer is right, 0 where it is wrong; empty where nothing is",
      },
      ...[...details.values()].map(
        (item): Column => ({
          name: item.name,
          type: "string",
          meaning: `Answer to: ${item.ask}`,
          ...(levelsOf(item) && { levels: levelsOf(item)! }),
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

function meaningOfResponses(asked: ReadonlyMap<string, readonly Item[]>): string {
  const meanings = [...asked].flatMap(([task, items]) => {
    const item = items.find(({ name }) => name === "answer");
    if (!item || task === "demographics") return [];
    const ends = item.kind === "scale" ? ` (${item.ends.join(" to ")})` : "";
    return `${task}: ${item.ask} ${levelsOf(item)?.join(", ") ?? "free text"}${ends}`;
  });
  return `The answer. ${meanings.join("; ")}`;
}

const levelsOf = (item: Item): readonly string[] | undefined =>
  item.kind === "choice"
    ? item.options.map(([value]) => value)
    : item.kind === "scale"
      ? item.levels
      : undefined;

function rightnessOf(judgment: Judgment, key: ReadonlyMap<string, Key>): number | undefined {
  const shown = judgment.side === "left" ? [...judgment.stimuli].reverse() : judgment.stimuli;
  const origins = shown.flatMap((id) => key.get(id)?.origin ?? []);
  return taskNamed(judgment.task)?.score(judgment.response as never, origins);
}

const detailOf = (response: Readonly<Record<string, unknown>>, name: string): string | undefined =>
  response[name] === undefined ? undefined : String(response[name]);

// ---- What was shown

const formsTable = ({ forms }: Published): Table => ({
  name: "forms",
  title: "What each form asks, a row a question; its order was drawn anew for each participant",
  key: "question",
  columns: [
    { name: "form", type: "string", required: true, meaning: "The form" },
    { name: "question", type: "string", required: true, meaning: "The question" },
    { name: "task", type: "string", required: true, meaning: "The kind of question" },
    { name: "stimulus", type: "string", refersTo: "stimuli", meaning: "The text that it is about" },
    { name: "second_stimulus", type: "string", refersTo: "stimuli", meaning: "The other text of a pair" },
  ],
  rows: forms.flatMap(({ id: form, questions }) =>
    questions.map(({ id, task, stimuli }) => ({
      form,
      question: id,
      task,
      stimulus: stimuli[0],
      second_stimulus: stimuli[1],
    })),
  ),
});

function stimuliTable({ stimuli, key, stories, generations }: Published, rules: Publishing): Table {
  const storyOf = new Map(stories.map((story) => [story.id, story]));
  const generationOf = new Map(generations.map((generation) => [generation.id, generation]));
  /** What is not in the study any more is not known to be free. */
  const withheld = ({ origin, story, generation }: Key): string | undefined => {
    const source = origin === "human" ? storyOf.get(story) : generationOf.get(generation);
    if (!source) return "its source is not in the study";
    return "origin" in source ? rules.ofStory(source) : rules.ofGeneration(source);
  };
  return {
    name: "stimuli",
    title: "The texts as readers saw them, a row a text",
    key: "stimulus",
    columns: [
      { name: "stimulus", type: "string", required: true, meaning: "The text" },
      {
        name: "origin",
        type: "string",
        required: true,
        levels: ["human", "machine"],
        meaning: "Who wrote it",
      },
      { name: "model", type: "string", meaning: "The model that wrote it; empty for a person" },
      {
        name: "story",
        type: "string",
        refersTo: "stories",
        meaning: "The story that it is, or whose title it has",
      },
      { name: "generation", type: "string", refersTo: "generations", meaning: "The generation that it is" },
      { name: "title", type: "string", required: true, meaning: "The title, shown above it" },
      ...textColumns("The text as shown, cut off"),
      { name: "words", type: "integer", required: true, unit: "words", least: 1, meaning: "Words shown" },
      { name: "cut", type: "integer", required: true, unit: "words", least: 0, meaning: "Words cut off" },
    ],
    rows: stimuli.map(({ id, title, text, words, cut }) => {
      const row = key.get(id)!;
      return {
        stimulus: id,
        origin: row.origin,
        model: withoutFolders(row.model) || undefined,
        story: storyOf.size === 0 || storyOf.has(row.story) ? row.story : undefined,
        generation: generationOf.has(row.generation) ? row.generation : undefined,
        title,
        ...textCells(text, withheld(row)),
        words,
        cut,
      };
    }),
  };
}

const storiesTable = ({ stories }: Published, rules: Publishing): Table => ({
  name: "stories",
  title: "The human stories of the corpus, a row a story",
  key: "story",
  columns: [
    { name: "story", type: "string", required: true, meaning: "The story" },
    { name: "title", type: "string", required: true, meaning: "Its title" },
    ...textColumns("The whole text"),
    { name: "author", type: "string", meaning: "Who wrote it; left out together with its text" },
    { name: "source", type: "string", meaning: "Where it appeared" },
    { name: "licence", type: "string", meaning: "Under which licence it may be used" },
    { name: "words", type: "integer", required: true, unit: "words", least: 0, meaning: "Its length" },
    {
      name: "split",
      type: "string",
      required: true,
      levels: Split.options,
      meaning: "For tuning a model and for examples (train, validation), or for titles and readers (test)",
    },
  ],
  rows: stories.map((story) => {
    const withheld = rules.ofStory(story);
    const origin = story.origin.by === "human" ? story.origin : undefined;
    return {
      story: story.id,
      title: story.title,
      ...textCells(story.text, withheld),
      author: withheld ? undefined : origin?.author || undefined,
      source: origin && withoutFolders(origin.source),
      licence: origin?.licence,
      words: story.words,
      split: story.split,
    };
  }),
});

function generationsTable({ generations, stories }: Published, rules: Publishing): Table {
  const known = new Set(stories.map(({ id }) => id));
  return {
    name: "generations",
    title: "What models wrote, a row an attempt",
    key: "generation",
    columns: [
      { name: "generation", type: "string", required: true, meaning: "The attempt" },
      { name: "story", type: "string", refersTo: "stories", meaning: "The story whose title was given" },
      { name: "title", type: "string", required: true, meaning: "The title" },
      { name: "model", type: "string", required: true, meaning: "The model" },
      { name: "model_hash", type: "string", meaning: "SHA-256 of the model's file, or what its server says" },
      {
        name: "pretend",
        type: "boolean",
        required: true,
        meaning: "No language model, but a stand-in for one",
      },
      { name: "prompt", type: "string", required: true, meaning: "The prompt's name" },
      { name: "prompt_hash", type: "string", meaning: "SHA-256 of the prompt's file" },
      { name: "examples", type: "string", meaning: "Stories shown as examples, in order, parted by a space" },
      { name: "control", type: "string", meaning: "What was asked for beyond the title, as JSON" },
      { name: "seed", type: "integer", required: true, meaning: "The seed of the sampling" },
      {
        name: "attempt",
        type: "integer",
        required: true,
        least: 1,
        meaning: "Which attempt at this title, from 1",
      },
      { name: "temperature", type: "number", required: true, least: 0, meaning: "Sampling temperature" },
      { name: "top_p", type: "number", required: true, least: 0, meaning: "Nucleus sampling; 1 is off" },
      {
        name: "top_k",
        type: "integer",
        required: true,
        least: 0,
        meaning: "Most probable tokens kept; 0 is all",
      },
      {
        name: "min_p",
        type: "number",
        required: true,
        least: 0,
        meaning: "Share of the best token's probability",
      },
      {
        name: "repeat_penalty",
        type: "number",
        required: true,
        least: 0,
        meaning: "Penalty of repetition; 1 is none",
      },
      {
        name: "least_tokens",
        type: "integer",
        required: true,
        unit: "tokens",
        least: 0,
        meaning: "Written at least",
      },
      {
        name: "most_tokens",
        type: "integer",
        required: true,
        unit: "tokens",
        least: 1,
        meaning: "Written at most",
      },
      {
        name: "outcome",
        type: "string",
        required: true,
        levels: ["text", "cut short", "refused", "failed"],
        meaning: "How it ended",
      },
      ...textColumns("The story that was written"),
      { name: "words", type: "integer", required: true, unit: "words", least: 0, meaning: "Its length" },
      {
        name: "tokens",
        type: "integer",
        required: true,
        unit: "tokens",
        least: 0,
        meaning: "Tokens written",
      },
      {
        name: "log_probability",
        type: "number",
        unit: "nats",
        meaning: "Mean natural log-probability of the tokens written",
      },
    ],
    rows: sortedBy(
      generations.map((generation) => ({
        generation: generation.id,
        story: known.size === 0 || known.has(generation.story) ? generation.story : undefined,
        title: generation.title,
        model: withoutFolders(generation.model.address),
        model_hash: generation.model.hash || undefined,
        pretend: generation.model.pretend ?? false,
        prompt: withoutFolders(generation.prompt.template),
        prompt_hash: generation.prompt.hash || undefined,
        examples: generation.examples.join(" ") || undefined,
        control: generation.control && JSON.stringify(generation.control),
        seed: generation.seed,
        attempt: generation.attempt,
        temperature: generation.settings.temperature,
        top_p: generation.settings.topP,
        top_k: generation.settings.topK,
        min_p: generation.settings.minP,
        repeat_penalty: generation.settings.repeatPenalty,
        least_tokens: generation.settings.leastTokens,
        most_tokens: generation.settings.mostTokens,
        outcome: generation.outcome,
        ...textCells(generation.text, rules.ofGeneration(generation)),
        words: countWords(generation.text),
        tokens: generation.tokens.generated,
        log_probability: generation.logProbability,
      })),
      ({ generation }) => generation,
    ),
  };
}

const textColumns = (meaning: string): Column[] => [
  { name: "text", type: "string", meaning: `${meaning}; empty where it is left out` },
  { name: "withheld", type: "string", meaning: "Why the text is left out; empty where it is not" },
  {
    name: "sha256",
    type: "string",
    required: true,
    meaning: "SHA-256 of the text in UTF-8, also where it is left out",
  },
];

const textCells = (text: string, withheld: string | undefined) => ({
  text: withheld || text === "" ? undefined : text,
  withheld,
  sha256: sha256(text),
});

/** A path tells of somebody's machine: `llama:/home/me/model.gguf` becomes `llama:model.gguf`. */
function withoutFolders(name: string): string {
  const [, scheme = "", rest = name] = /^([a-z]+:)?(.*)$/s.exec(name) ?? [];
  const isPath = /^(\/|\.{1,2}\/|~|[A-Za-z]:\\)/.test(rest) && !rest.startsWith("//");
  return isPath ? scheme + basename(rest.replaceAll("\\", "/")) : name;
}

/** In an order that says nothing of when anybody came. */
const sortedBy = <Item>(items: readonly Item[], by: (item: Item) => string): Item[] =>
  items
    .map((item) => [by(item), item] as const)
    .sort(([one], [other]) => (one < other ? -1 : Number(one > other)))
    .map(([, item]) => item);
