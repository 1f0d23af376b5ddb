import type { CoderKind } from "../../study/coding.ts";
import { type Finding, figure, sentence, table } from "../../study/finding.ts";
import { counted } from "../../study/print.ts";
import type { Variable } from "../../workbench/codebook.ts";
import type { Coded } from "../coding/coded.ts";
import { type DescribedText, idsOf, type Seen } from "../described.ts";

/** Kind of love, tone and cultural setting: how often each code, tone by kind of love, and how far coders agree. */
export function codes({ texts, coded }: Seen): Finding[] {
  if (coded.coders.every(({ codings }) => codings.length === 0)) return [];
  return [
    sentence("result", whoCoded(coded)),
    ...coded.variables.map((variable) => shares(variable, texts, coded)),
    ...crossed(texts, coded),
    ...agreementFindings(coded),
  ];
}

function whoCoded({ variables, coders }: Coded): string {
  const people = coders.filter(({ kind }) => kind === "people");
  const models = coders.filter(({ kind }) => kind === "model");
  const what = variables.map(({ title }) => title.toLowerCase()).join(", ");
  const by = [
    ...(people.length > 0 ? [counted(people.length, "person", "people")] : []),
    ...(models.length > 0 ? [counted(models.length, "language model")] : []),
    "cue lists",
  ];
  const only = people.length + models.length === 0;
  return only
    ? `By cue lists alone are coded: ${what}. They are a floor and no more: let two people code a sample (tinylove code sheet), or a language model all (tinylove code model).`
    : `By ${by.join(", ")} are coded: ${what}. People's codes go before a model's, a model's before the cue lists'.`;
}

/** Shares of each code among the texts of each side that have one. */
function shares(variable: Variable, { human, machine }: Seen["texts"], coded: Coded): Finding {
  const settled = coded.settled.get(variable.name)!;
  const sides = [
    { group: "human", texts: human },
    { group: "machine", texts: machine },
  ].map(({ group, texts }) => ({ group, texts: texts.filter(({ id }) => settled.has(id)) }));
  const shown = sides.filter(({ texts }) => texts.length > 0);
  const rows = variable.codes.flatMap(({ code }) =>
    shown.map(({ group, texts }) => {
      const having = texts.filter(({ id }) => settled.get(id)?.code === code);
      const name = shown.length > 1 ? `${code}, ${group}` : code;
      return { name, group, share: having.length / texts.length, count: having.length, texts: idsOf(having) };
    }),
  );
  const kinds = new Set([...settled.values()].map(({ by }) => by));
  return figure("detail", `${variable.title} of the texts, as ${coderNames(kinds)} coded them`, {
    draw: "bars",
    table: {
      columns: [
        { key: "name", label: variable.title.toLowerCase(), format: "text" },
        { key: "share", label: "share", format: "percent" },
        { key: "count", label: "texts", format: "integer" },
        { key: "texts", label: "which", format: "text" },
      ],
      rows,
    },
    encode: { y: "name", x: "share", group: "group" },
    labels: { x: "share of the coded texts" },
  });
}

const coderNames = (kinds: ReadonlySet<CoderKind>): string => {
  const names = { people: "people", model: "a language model", cues: "cue lists" } as const;
  return [...kinds].map((kind) => names[kind]).join(" and ") || "nobody";
};

/** Tone by kind of love, as a table of counts; codes that no text has are left out. */
function crossed({ all }: Seen["texts"], { variables, settled }: Coded): Finding[] {
  const [kind, tone] = ["kind_of_love", "tone"].map((wanted) =>
    variables.find(({ name }) => name === wanted),
  );
  if (!kind || !tone) return [];
  const codeOf = (variable: Variable, { id }: DescribedText) => settled.get(variable.name)?.get(id)?.code;
  const coded = all.map((text) => ({ kind: codeOf(kind, text), tone: codeOf(tone, text) }));
  const both = coded.filter((codes) => codes.kind && codes.tone);
  const kinds = kind.codes.filter(({ code }) => both.some((codes) => codes.kind === code));
  const tones = tone.codes.filter(({ code }) => both.some((codes) => codes.tone === code));
  const count = (one: string, other: string) =>
    both.filter((codes) => codes.kind === one && codes.tone === other).length;
  return [
    table("detail", "Tone by kind of love: how many texts have both, human and machine together", {
      columns: [
        { key: "tone", label: tone.title.toLowerCase(), format: "text" },
        ...kinds.map(({ code }) => ({ key: code, label: code, format: "integer" as const })),
      ],
      rows: tones.map(({ code }) => ({
        tone: code,
        ...Object.fromEntries(kinds.map((column) => [column.code, count(column.code, code)])),
      })),
    }),
  ];
}

function agreementFindings({ variables, agreements }: Coded): Finding[] {
  if (agreements.length === 0) return [];
  return [
    table("detail", "How far each two coders agree", {
      columns: [
        { key: "variable", label: "variable", format: "text" },
        { key: "coders", label: "coders", format: "text" },
        { key: "texts", label: "texts both coded", format: "integer" },
        { key: "same", label: "same code", format: "percent" },
        { key: "alpha", label: "Krippendorff's alpha", format: "number" },
      ],
      rows: agreements.map(({ variable, coders, texts, same, alpha }) => ({
        variable: variables.find(({ name }) => name === variable)?.title ?? variable,
        coders: coders.join(" and "),
        texts,
        same: same ?? null,
        alpha: alpha ?? null,
      })),
    }),
    sentence(
      "method",
      "Agreement of coders is Krippendorff's alpha for names: 1 is full agreement, 0 what chance would give; below .667 no conclusion should rest on a variable (Krippendorff 2019).",
    ),
  ];
}
