import { TextSet, textSetOf } from "../coding/text-sets.ts";
import { type Coder, CoderKind } from "../study/coding.ts";
import type { PackageData } from "./package-data.ts";
import { sortedBy, type Table } from "./table.ts";

/**
 * The code that each coder gave each text: people under new names, models and the cue words under their own. Texts that are
 * no longer in the study are left out.
 */
export function codingsTable(
  { coders, stories, generations, factorial }: PackageData,
  nameOf: (coder: string) => string,
): Table {
  const storyIds = new Set(stories.map(({ id }) => id));
  const generationIds = new Set([...generations, ...factorial].map(({ id }) => id));
  const rows = coders.flatMap((coder) => {
    const { name, textSet: text_set } = textSetOf(coder.name);
    const published = isOfPeople(coder) ? nameOf(name) : name;
    return coder.codings
      .filter(({ text }) => storyIds.has(text) || generationIds.has(text))
      .map(({ text, variable, code, kind }) => ({
        coder: published,
        kind,
        text_set,
        story: storyIds.has(text) ? text : undefined,
        generation: storyIds.has(text) ? undefined : text,
        variable,
        code,
      }));
  });
  return {
    name: "codings",
    title: "The codes of the texts, one row for each code; table `codes` explains them",
    columns: [
      {
        name: "coder",
        type: "string",
        required: true,
        meaning: "Who coded: a person by a random name made for this package, a model by its name, or cues",
      },
      {
        name: "kind",
        type: "string",
        required: true,
        levels: CoderKind.options,
        meaning: "A person who read without knowing the origin, a language model, or lists of cue words",
      },
      {
        name: "text_set",
        type: "string",
        required: true,
        levels: TextSet.options,
        meaning: "Coded as one of the study's texts, or of the factorial's texts and the stories behind them",
      },
      { name: "story", type: "string", refersTo: "stories", meaning: "The whole story that was coded" },
      {
        name: "generation",
        type: "string",
        refersTo: "generations",
        meaning: "The whole generation that was coded, if it was not a story of the corpus",
      },
      { name: "variable", type: "string", required: true, meaning: "What was coded" },
      { name: "code", type: "string", required: true, meaning: "The code that was given" },
    ],
    rows: sortedBy(rows, (row) =>
      [row.coder, row.text_set, row.story ?? row.generation, row.variable].join("\0"),
    ),
  };
}

/** The codebook that the coders used. */
export const codesTable = ({ codebook }: PackageData): Table => ({
  name: "codes",
  title: "The coders' codebook, one row for each code",
  columns: [
    { name: "variable", type: "string", required: true, meaning: "What is coded" },
    { name: "question", type: "string", required: true, meaning: "The question to the coder, in Markdown" },
    { name: "code", type: "string", required: true, meaning: "The code" },
    { name: "meaning", type: "string", meaning: "When to give it, in Markdown" },
    { name: "cues", type: "string", meaning: "The cue words for it, separated by commas" },
  ],
  rows: codebook.variables.flatMap(({ name, title, question, codes }) =>
    codes.map(({ code, meaning, cues }) => ({
      variable: name,
      question: question || title,
      code,
      meaning: meaning || undefined,
      cues: cues.join(", ") || undefined,
    })),
  ),
});

/** One code by a person is enough, because then the name of the file may be theirs. */
const isOfPeople = ({ codings }: Coder): boolean => codings.some(({ kind }) => kind === "people");
