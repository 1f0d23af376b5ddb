import { TextSet, textSetOf } from "../coding/text-sets.ts";
import { type Coder, CoderKind } from "../study/coding.ts";
import type { Published } from "./published.ts";
import { sortedBy, type Table } from "./table.ts";

/**
 * The code that each coder gave each text: people under new names, models and the cue lists under their own. A text
 * that is not in the study any more has none.
 */
export function codingsTable(
  { coders, stories, generations, factorial }: Published,
  nameOf: (coder: string) => string,
): Table {
  const written = new Set(stories.map(({ id }) => id));
  const generated = new Set([...generations, ...factorial].map(({ id }) => id));
  const rows = coders.flatMap((coder) => {
    const { name, textSet: text_set } = textSetOf(coder.name);
    const published = isOfPeople(coder) ? nameOf(name) : name;
    return coder.codings
      .filter(({ text }) => written.has(text) || generated.has(text))
      .map(({ text, variable, code, kind }) => ({
        coder: published,
        kind,
        text_set,
        story: written.has(text) ? text : undefined,
        generation: written.has(text) ? undefined : text,
        variable,
        code,
      }));
  });
  return {
    name: "codings",
    title: "What coders said of the texts, a row a code; what each means stands in `codes`",
    columns: [
      {
        name: "coder",
        type: "string",
        required: true,
        meaning: "Who coded: a random name for a person, made for this package; a model's own name; cues",
      },
      {
        name: "kind",
        type: "string",
        required: true,
        levels: CoderKind.options,
        meaning: "People who read without being told the origin, a language model, or lists of cue words",
      },
      {
        name: "text_set",
        type: "string",
        required: true,
        levels: TextSet.options,
        meaning: "Coded among the study's own texts, or among the factorial's and the stories behind them",
      },
      { name: "story", type: "string", refersTo: "stories", meaning: "The whole story that was coded" },
      {
        name: "generation",
        type: "string",
        refersTo: "generations",
        meaning: "The whole generation that was coded, where it was no story of the corpus",
      },
      { name: "variable", type: "string", required: true, meaning: "What was coded" },
      { name: "code", type: "string", required: true, meaning: "The code that was given" },
    ],
    rows: sortedBy(rows, (row) =>
      [row.coder, row.text_set, row.story ?? row.generation, row.variable].join("\0"),
    ),
  };
}

/** The codebook that coders went by. */
export const codesTable = ({ codebook }: Published): Table => ({
  name: "codes",
  title: "The coders' codebook, a row a code",
  columns: [
    { name: "variable", type: "string", required: true, meaning: "What is coded" },
    { name: "asks", type: "string", required: true, meaning: "The question to the coder, in Markdown" },
    { name: "code", type: "string", required: true, meaning: "The code" },
    { name: "means", type: "string", meaning: "When it is given, in Markdown" },
    { name: "cues", type: "string", meaning: "Words that the cue lists give it by, parted by commas" },
  ],
  rows: codebook.variables.flatMap(({ name, title, asks, codes }) =>
    codes.map(({ code, means, cues }) => ({
      variable: name,
      asks: asks || title,
      code,
      means: means || undefined,
      cues: cues.join(", ") || undefined,
    })),
  ),
});

/** One row by a person is enough: the file's name may be theirs. */
const isOfPeople = ({ codings }: Coder): boolean => codings.some(({ kind }) => kind === "people");
