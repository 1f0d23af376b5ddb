import { basename } from "node:path";
import { modelName } from "../../study/generation.ts";
import type { Key } from "../../study/stimulus.ts";
import { Split } from "../../study/story.ts";
import { countWords } from "../../text/words.ts";
import { sha256 } from "../../workbench/files.ts";
import { Lot } from "../../workbench/lots.ts";
import type { Published } from "./published.ts";
import type { Column, Table } from "./table.ts";
import { sortedBy } from "./table.ts";
import type { Publishing } from "./texts.ts";

/** What each form asks, question by question. */
export const formsTable = ({ forms }: Published): Table => ({
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

/** What readers read, with its origin. */
export function stimuliTable({ stimuli, key, stories, generations }: Published, rules: Publishing): Table {
  const storyOf = new Map(stories.map((story) => [story.id, story]));
  const generationOf = new Map(generations.map((generation) => [generation.id, generation]));
  /** A reference that the package can keep: without a corpus there is no table to look in. */
  const storyNamed = (id: string) => (id && (storyOf.size === 0 || storyOf.has(id)) ? id : undefined);
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
        name: "example",
        type: "string",
        refersTo: "stories",
        meaning: "The first example that its model was shown; empty for a person, and where none was",
      },
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
        example: storyNamed(row.example),
        story: storyNamed(row.story),
        generation: generationOf.has(row.generation) ? row.generation : undefined,
        title,
        ...textCells(text, withheld(row)),
        words,
        cut,
      };
    }),
  };
}

/** The stories of the corpus, as far as their licences let them out. */
export const storiesTable = ({ stories }: Published, rules: Publishing): Table => ({
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

/** All that the models wrote, with what determined it. */
export function generationsTable({ generations, factorial, stories }: Published, rules: Publishing): Table {
  const known = new Set(stories.map(({ id }) => id));
  const lotted = [
    ...generations.map((generation) => ["study", generation] as const),
    ...factorial.map((generation) => ["factorial", generation] as const),
  ];
  return {
    name: "generations",
    title: "What models wrote, a row an attempt",
    key: "generation",
    columns: [
      { name: "generation", type: "string", required: true, meaning: "The attempt" },
      {
        name: "lot",
        type: "string",
        required: true,
        levels: Lot.options,
        meaning: "Written for the study, or for the factorial of titles and examples",
      },
      { name: "story", type: "string", refersTo: "stories", meaning: "The story whose title was given" },
      { name: "title", type: "string", required: true, meaning: "The title" },
      { name: "model", type: "string", required: true, meaning: "What the study calls the model" },
      {
        name: "model_address",
        type: "string",
        required: true,
        meaning: "Where it is found: a file's or a server's name for it",
      },
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
      lotted.map(([lot, generation]) => ({
        generation: generation.id,
        lot,
        story: known.size === 0 || known.has(generation.story) ? generation.story : undefined,
        title: generation.title,
        model: withoutFolders(modelName(generation)),
        model_address: withoutFolders(generation.model.address),
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
