import type { Key } from "../study/stimulus.ts";
import { Split } from "../study/story.ts";
import type { PackageData } from "./package-data.ts";
import type { Table } from "./table.ts";
import { textCells, textColumns, withoutFolder } from "./text-columns.ts";
import type { TextRules } from "./text-licences.ts";

/** What each form asks, question by question. */
export const formsTable = ({ forms }: PackageData): Table => ({
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
export function stimuliTable({ stimuli, key, stories, generations }: PackageData, rules: TextRules): Table {
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
        model: withoutFolder(row.model) || undefined,
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
export const storiesTable = ({ stories }: PackageData, rules: TextRules): Table => ({
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
      source: origin && withoutFolder(origin.source),
      licence: origin?.licence,
      words: story.words,
      split: story.split,
    };
  }),
});
