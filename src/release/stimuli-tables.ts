import type { Key } from "../study/stimulus.ts";
import { Split } from "../study/story.ts";
import type { PackageData } from "./package-data.ts";
import type { Column, Table } from "./table.ts";
import { textCells, textColumns, withoutFolder } from "./text-columns.ts";
import type { TextRules } from "./text-licences.ts";

/** The questions of each form. */
export const formsTable = ({ forms }: PackageData): Table => ({
  name: "forms",
  title: "The forms, one row for each question; each participant got them in a random order",
  key: "question",
  columns: [
    { name: "form", type: "string", required: true, meaning: "The form" },
    { name: "question", type: "string", required: true, meaning: "The question" },
    { name: "task", type: "string", required: true, meaning: "The kind of question" },
    { name: "stimulus", type: "string", refersTo: "stimuli", meaning: "The text that the question is about" },
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

/** The stimuli with their origins. */
export function stimuliTable({ stimuli, key, stories, generations }: PackageData, rules: TextRules): Table {
  const storyOf = new Map(stories.map((story) => [story.id, story]));
  const generationOf = new Map(generations.map((generation) => [generation.id, generation]));
  /** The story if the package has it: without a corpus there is no table of stories to check. */
  const storyNamed = (id: string) => (id && (storyOf.size === 0 || storyOf.has(id)) ? id : undefined);
  /** Why a text is left out. One whose source is no longer in the study is, because its licence is unknown. */
  const withheld = ({ origin, story, generation }: Key): string | undefined => {
    const source = origin === "human" ? storyOf.get(story) : generationOf.get(generation);
    if (!source) return "its source is not in the study";
    return "origin" in source ? rules.ofStory(source) : rules.ofGeneration(source);
  };
  const someWhole = stimuli.some(({ whole }) => whole !== undefined);
  return {
    name: "stimuli",
    title: "The stimuli, one row for each text as readers saw it",
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
      { name: "model", type: "string", meaning: "The model that wrote it; empty for a human text" },
      {
        name: "example",
        type: "string",
        refersTo: "stories",
        meaning: "The first example shown to the model; empty for a human text or without examples",
      },
      {
        name: "story",
        type: "string",
        refersTo: "stories",
        meaning: "The human story, or the one with the same title",
      },
      {
        name: "generation",
        type: "string",
        refersTo: "generations",
        meaning: "The generation, for a machine text",
      },
      { name: "title", type: "string", required: true, meaning: "The title shown above the text" },
      ...textColumns("The text as shown; its ending is cut off if `cut` is above 0"),
      ...(someWhole
        ? ([
            {
              name: "whole_text",
              type: "string",
              meaning: "The whole text, shown in conditions with whole stories; left out like the text",
            },
          ] satisfies Column[])
        : []),
      { name: "words", type: "integer", required: true, unit: "words", least: 1, meaning: "Words shown" },
      { name: "cut", type: "integer", required: true, unit: "words", least: 0, meaning: "Words cut off" },
    ],
    rows: stimuli.map(({ id, title, text, whole, words, cut }) => {
      const row = key.get(id)!;
      return {
        stimulus: id,
        origin: row.origin,
        model: withoutFolder(row.model) || undefined,
        example: storyNamed(row.example),
        story: storyNamed(row.story),
        generation: generationOf.has(row.generation) ? row.generation : undefined,
        title,
        ...textCells(text, withheld(row)),
        ...(someWhole && { whole_text: withheld(row) === undefined ? whole : undefined }),
        words,
        cut,
      };
    }),
  };
}

/** The stories of the corpus; texts whose licence does not allow sharing are left out. */
export const storiesTable = ({ stories }: PackageData, rules: TextRules): Table => ({
  name: "stories",
  title: "The human stories of the corpus, one row for each story",
  key: "story",
  columns: [
    { name: "story", type: "string", required: true, meaning: "The story" },
    { name: "title", type: "string", required: true, meaning: "Its title" },
    ...textColumns("The whole text"),
    { name: "author", type: "string", meaning: "The author; left out together with the text" },
    { name: "source", type: "string", meaning: "Where it appeared" },
    { name: "licence", type: "string", meaning: "The licence of the story" },
    {
      name: "words",
      type: "integer",
      required: true,
      unit: "words",
      least: 0,
      meaning: "Length of the story",
    },
    {
      name: "split",
      type: "string",
      required: true,
      levels: Split.options,
      meaning: "train and validation: for tuning and examples; test: for titles and readers",
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
      source: origin && withoutFolder(origin.source),
      licence: origin?.licence,
      words: story.words,
      split: story.split,
    };
  }),
});
