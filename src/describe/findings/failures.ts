import type { Random } from "../../stats/random.ts";
import { type Finding, figure, sentence, table } from "../../study/finding.ts";
import { counted } from "../../study/print.ts";
import { type DescribedText, type DescriptionInput, idsOf } from "../described.ts";

/** Texts that went wrong in a way that is known of models: loops, broken-off ends, copies; and where the loops lie. */
export function failures({ texts, random }: DescriptionInput): Finding[] {
  const { human, machine } = texts;
  const sides = [
    sayFailures(human, "human text"),
    ...(machine.length > 0 ? [sayFailures(machine, "machine text")] : []),
  ];
  const said = sides.join("; ");
  return [
    sentence("result", `${said[0]!.toUpperCase()}${said.slice(1)}.`),
    failureTable("Texts that loop, break off or copy", [
      { key: "human", label: "human", texts: human },
      { key: "machine", label: "machine", texts: machine },
    ]),
    ...(texts.has("pronoun_share") && texts.has("distinct_1") ? [varied(texts.all, random)] : []),
  ];
}

/** How many texts of each side failed in each way, and which. */
export function failureTable(
  caption: string,
  sides: readonly {
    readonly key: string;
    readonly label: string;
    readonly texts: readonly DescribedText[];
  }[],
): Finding {
  return table("detail", caption, {
    columns: [
      { key: "failure", label: "a text that", format: "text" },
      ...sides.map(({ key, label }) => ({ key, label, format: "integer" as const })),
      { key: "texts", label: "which", format: "ids" },
    ],
    rows: kinds.map(({ failure, has }) => ({
      failure,
      ...Object.fromEntries(sides.map(({ key, texts }) => [key, texts.filter(has).length])),
      // A machine's come first: they are what one looks for.
      texts: idsOf([...sides].reverse().flatMap(({ texts }) => texts.filter(has))),
    })),
  });
}

const loops = ({ values }: DescribedText): boolean => values["pronoun_loop"] === true;

/** Words in a row that two writers hardly share by chance. */
const copy = 8;

const kinds: readonly { failure: string; has: (text: DescribedText) => boolean }[] = [
  { failure: "falls into a loop of pronouns", has: loops },
  { failure: "ends in the middle of a sentence", has: ({ values }) => values["cut_off"] === true },
  {
    failure: `has ${copy} words or more in a row from its example`,
    has: ({ values }) => Number(values["copied_from_example"] ?? 0) >= copy,
  },
  {
    failure: `has ${copy} words or more in a row from another training story`,
    has: ({ values }) => Number(values["copied_from_training"] ?? 0) >= copy,
  },
];

/** How many of some texts loop and break off, as a clause. */
export function sayFailures(texts: readonly DescribedText[], one: string, several = `${one}s`): string {
  const having = (name: string) => texts.filter(({ values }) => values[name] === true).length;
  return `of ${counted(texts.length, one, several)} ${having("pronoun_loop")} fall into a loop of pronouns and ${having("cut_off")} end in the middle of a sentence`;
}

/** Variety against pronouns: where the texts of a model that degenerates part from people's. */
function varied(texts: readonly DescribedText[], random: Random): Finding {
  const shown = drawn(texts, random);
  const lot = shown.length < texts.length ? ` (${shown.length} of ${texts.length} texts, drawn by lot)` : "";
  return figure("detail", `How varied the words are, against the share of pronouns${lot}`, {
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
        name: loops(text) ? text.title : "",
      })),
    },
    encode: { x: "pronouns", y: "distinct", group: "group", label: "name" },
    labels: { x: "share of pronouns", y: "different words" },
  });
}

/** Texts in seeded order, those that loop first, then people's and machine's by turns for as long as there are both. */
function drawn(texts: readonly DescribedText[], random: Random): DescribedText[] {
  const shuffled = random.shuffle(texts);
  const others = shuffled.filter((text) => !loops(text));
  const people = others.filter(({ origin }) => origin === "human");
  const machines = others.filter(({ origin }) => origin === "machine");
  const turns = others.flatMap((_, at) => [people[at], machines[at]]);
  const present = turns.filter((text) => text !== undefined);
  return [...shuffled.filter(loops), ...present].slice(0, mostDots);
}

/** Each dot is a row of the table below the figure. */
const mostDots = 150;
