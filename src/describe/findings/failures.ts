import type { Random } from "../../stats/random.ts";
import { type Finding, figure, sentence, table } from "../../study/finding.ts";
import { counted } from "../../study/print.ts";
import { type DescribedText, type FindingInput, idsOf } from "../described.ts";

/** Known failures of models: loops, cut-off ends, copies; and a figure that shows loops. */
export function failures({ texts, random }: FindingInput): Finding[] {
  const { human, machine } = texts;
  const sides = [
    failuresText(human, "human text"),
    ...(machine.length > 0 ? [failuresText(machine, "machine text")] : []),
  ];
  const summary = sides.join("; ");
  return [
    sentence("result", `${summary[0]!.toUpperCase()}${summary.slice(1)}.`),
    ...failureTable("Texts that loop, are cut off or copy", [
      { key: "human", label: "human", texts: human },
      { key: "machine", label: "machine", texts: machine },
    ]),
    ...(texts.has("pronoun_share") && texts.has("distinct_1") ? [varietyFigure(texts.all, random)] : []),
  ];
}

/** A table of failures by side, with the texts. */
export function failureTable(
  caption: string,
  sides: readonly {
    readonly key: string;
    readonly label: string;
    readonly texts: readonly DescribedText[];
  }[],
): Finding[] {
  const found = failureKinds.filter(({ has }) => sides.some(({ texts }) => texts.some(has)));
  // A table of zeros shows nothing.
  if (found.length === 0) return [];
  return [
    table("detail", caption, {
      columns: [
        { key: "failure", label: "a text that", format: "text" },
        ...sides.map(({ key, label }) => ({ key, label, format: "integer" as const })),
        { key: "texts", label: "which", format: "ids" },
      ],
      rows: found.map(({ failure, has }) => ({
        failure,
        ...Object.fromEntries(sides.map(({ key, texts }) => [key, texts.filter(has).length])),
        // Machine texts come first.
        texts: idsOf([...sides].reverse().flatMap(({ texts }) => texts.filter(has))),
      })),
    }),
  ];
}

const hasLoop = ({ values }: DescribedText): boolean => values["pronoun_loop"] === true;

/** Runs of this many words are rarely shared by chance. */
const copiedWords = 8;

const failureKinds: readonly { failure: string; has: (text: DescribedText) => boolean }[] = [
  { failure: "loops over pronouns", has: hasLoop },
  { failure: "ends in the middle of a sentence", has: ({ values }) => values["cut_off"] === true },
  {
    failure: `has at least ${copiedWords} words in a row from its example`,
    has: ({ values }) => Number(values["copied_from_example"] ?? 0) >= copiedWords,
  },
  {
    failure: `has at least ${copiedWords} words in a row from another training story`,
    has: ({ values }) => Number(values["copied_from_training"] ?? 0) >= copiedWords,
  },
];

/** How many texts loop and are cut off, as a clause. */
export function failuresText(texts: readonly DescribedText[], one: string, several = `${one}s`): string {
  const countOf = (name: string) => texts.filter(({ values }) => values[name] === true).length;
  return `of ${counted(texts.length, one, several)} ${countOf("pronoun_loop")} ${countOf("pronoun_loop") === 1 ? "loops" : "loop"} over pronouns and ${countOf("cut_off")} ${countOf("cut_off") === 1 ? "ends" : "end"} in the middle of a sentence`;
}

/** A figure of lexical variety by the share of pronouns, which separates degenerate texts from human ones. */
function varietyFigure(texts: readonly DescribedText[], random: Random): Finding {
  const shown = sampleOf(texts, random);
  const sampled =
    shown.length < texts.length ? ` (a random sample of ${shown.length} of ${texts.length} texts)` : "";
  return figure("detail", `Share of different words by share of pronouns${sampled}`, {
    draw: "dots",
    table: {
      columns: [
        { key: "text", label: "text", format: "ids" },
        { key: "group", label: "by", format: "text" },
        { key: "pronouns", label: "share of pronouns", format: "percent" },
        { key: "distinct", label: "different words", format: "percent" },
      ],
      rows: shown.map((text) => ({
        text: text.id,
        group: text.origin,
        pronouns: Number(text.values["pronoun_share"]),
        distinct: Number(text.values["distinct_1"]),
        name: hasLoop(text) ? text.title : "",
      })),
    },
    encode: { x: "pronouns", y: "distinct", group: "group", label: "name" },
    labels: { x: "share of pronouns", y: "different words" },
  });
}

/** A random sample: texts that loop first, then human and machine texts in turn. */
function sampleOf(texts: readonly DescribedText[], random: Random): DescribedText[] {
  const shuffled = random.shuffle(texts);
  const others = shuffled.filter((text) => !hasLoop(text));
  const people = others.filter(({ origin }) => origin === "human");
  const machines = others.filter(({ origin }) => origin === "machine");
  const turns = others.flatMap((_, at) => [people[at], machines[at]]);
  const present = turns.filter((text) => text !== undefined);
  return [...shuffled.filter(hasLoop), ...present].slice(0, maxDots);
}

/** Each dot is a row of the table below the figure. */
const maxDots = 150;
