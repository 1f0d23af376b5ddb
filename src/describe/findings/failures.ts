import type { Random } from "../../stats/random.ts";
import { type Finding, figure, sentence, table } from "../../study/finding.ts";
import { counted } from "../../study/print.ts";
import type { DescribedText, Seen } from "../described.ts";

/** Texts that went wrong in a way that is known of models: loops, broken-off ends, copies; and where the loops lie. */
export function failures({ texts, random }: Seen): Finding[] {
  const failed = texts.all.flatMap((text) => failuresOf(text).map((failure) => ({ text, failure })));
  return [
    sentence("result", summary(texts.human, texts.machine)),
    ...(failed.length > 0
      ? [
          table("detail", "Texts that loop, break off or copy", {
            columns: [
              { key: "text", label: "text", format: "text" },
              { key: "origin", label: "by", format: "text" },
              { key: "title", label: "title", format: "text" },
              { key: "failure", label: "what", format: "text" },
            ],
            rows: failed.map(({ text: { id, origin, title }, failure }) => ({
              text: id,
              origin,
              title,
              failure,
            })),
          }),
        ]
      : []),
    ...(texts.has("pronoun_share") && texts.has("distinct_1") ? [varied(texts.all, random)] : []),
  ];
}

function failuresOf({ values }: DescribedText): string[] {
  const copied = Number(values["copied_from_example"] ?? 0);
  const learned = Number(values["copied_from_training"] ?? 0);
  return [
    ...(values["pronoun_loop"] === true ? ["loops in pronouns"] : []),
    ...(values["cut_off"] === true ? ["ends in the middle of a sentence"] : []),
    ...(copied >= copy ? [`has ${copied} words in a row from its example`] : []),
    ...(learned >= copy ? [`has ${learned} words in a row from a training story`] : []),
  ];
}

/** Words in a row that two writers hardly share by chance. */
const copy = 8;

function summary(human: readonly DescribedText[], machine: readonly DescribedText[]): string {
  const of = (texts: readonly DescribedText[], name: string) =>
    texts.filter(({ values }) => values[name] === true).length;
  const side = (texts: readonly DescribedText[], who: string) =>
    `of ${counted(texts.length, who)} ${of(texts, "pronoun_loop")} fall into a loop of pronouns and ${of(texts, "cut_off")} end in the middle of a sentence`;
  const sides = [side(human, "human text"), ...(machine.length > 0 ? [side(machine, "machine text")] : [])];
  const line = sides.join("; ");
  return `${line[0]!.toUpperCase()}${line.slice(1)}.`;
}

/** Variety against pronouns: where the texts of a model that degenerates part from people's. */
function varied(texts: readonly DescribedText[], random: Random): Finding {
  const looping = texts.filter(({ values }) => values["pronoun_loop"] === true);
  const others = texts.filter((text) => !looping.includes(text));
  const shown = [...looping.slice(0, mostDots), ...random.shuffle(others)].slice(0, mostDots);
  const drawn =
    shown.length < texts.length ? ` (${shown.length} of ${texts.length} texts, drawn by lot)` : "";
  return figure("detail", `How varied the words are, against the share of pronouns${drawn}`, {
    draw: "dots",
    table: {
      columns: [
        { key: "text", label: "text", format: "text" },
        { key: "group", label: "by", format: "text" },
        { key: "pronouns", label: "share of pronouns", format: "percent" },
        { key: "distinct", label: "different words", format: "percent" },
      ],
      rows: shown.map((text) => ({
        text: text.id,
        group: text.origin,
        pronouns: Number(text.values["pronoun_share"]),
        distinct: Number(text.values["distinct_1"]),
        name: looping.includes(text) ? text.title : "",
      })),
    },
    encode: { x: "pronouns", y: "distinct", group: "group", label: "name" },
    labels: { x: "share of pronouns", y: "different words" },
  });
}

/** Each dot is a row of the table below the figure. */
const mostDots = 150;
