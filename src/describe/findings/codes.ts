import type { Variable } from "../../coding/codebook.ts";
import type { Coded } from "../../coding/coded.ts";
import { strongestCodes } from "../../coding/settled.ts";
import type { CoderKind } from "../../study/coding.ts";
import { type Finding, figure, sentence, table } from "../../study/finding.ts";
import { counted, listed } from "../../study/print.ts";
import { type DescribedText, type DescriptionInput, idsOf } from "../described.ts";

/** Kind of love, tone and cultural setting: how often each code, tone by kind of love, and how far coders agree. */
export function codes({ texts, coded }: DescriptionInput): Finding[] {
  if (coded.coders.every(({ codings }) => codings.length === 0)) return [];
  return [
    sentence("result", whoCoded(coded)),
    ...coded.variables.flatMap((variable) => shares(variable, texts, coded)),
    ...crossed(texts.all, coded),
    ...agreementFindings(coded),
  ];
}

function whoCoded({ variables, coders: all }: Coded): string {
  const people = all.filter(({ kind }) => kind === "people");
  const models = all.filter(({ kind }) => kind === "model");
  const what = variables.map(({ title }) => title.toLowerCase()).join(", ");
  const by = [
    ...(people.length > 0 ? [counted(people.length, "person", "people")] : []),
    ...(models.length > 0 ? [counted(models.length, "language model")] : []),
    "cue lists",
  ];
  const only = people.length + models.length === 0;
  return only
    ? `By cue lists alone are coded: ${what}. They are a floor and no more: let two people code a sample (tinylove code sheet), or a language model all (tinylove code model).`
    : `By ${listed(by)} are coded: ${what}. People’s codes go before a model’s, a model’s before the cue lists’.`;
}

/** Shares of each code among the texts of each side that the strongest coders coded. */
function shares(
  variable: Variable,
  { human, machine }: DescriptionInput["texts"],
  { settled }: Coded,
): Finding[] {
  const strongest = strongestCodes(settled.get(variable.name)!);
  if (!strongest) return [];
  const { by, codes } = strongest;
  const sides = [
    { group: "human", texts: human.filter(({ id }) => codes.has(id)) },
    { group: "machine", texts: machine.filter(({ id }) => codes.has(id)) },
  ].filter(({ texts }) => texts.length > 0);
  const rows = variable.codes
    .map(({ code }) => code)
    .filter((code) => sides.some(({ texts }) => texts.some(({ id }) => codes.get(id) === code)))
    .flatMap((code) =>
      sides.map(({ group, texts }) => {
        const having = texts.filter(({ id }) => codes.get(id) === code);
        return {
          code,
          group,
          share: having.length / texts.length,
          count: having.length,
          texts: idsOf(having),
        };
      }),
    );
  const coded = sides.reduce((sum, { texts }) => sum + texts.length, 0);
  if (coded === 0) return [];
  return [
    figure(
      "detail",
      `${variable.title} of the ${counted(coded, "text")} that ${coders[by]} coded; codes that none has are left out`,
      {
        draw: "bars",
        table: {
          columns: [
            { key: "code", label: variable.title.toLowerCase(), format: "text" },
            { key: "group", label: "by", format: "text" },
            { key: "share", label: "share", format: "percent" },
            { key: "count", label: "texts", format: "integer" },
            { key: "texts", label: "which", format: "ids" },
          ],
          rows,
        },
        encode: { y: "code", x: "share", group: "group" },
        labels: { x: "share of the coded texts" },
      },
    ),
  ];
}

const coders: Record<CoderKind, string> = {
  people: "people",
  model: "a language model",
  cues: "cue lists",
};

/** Tone by kind of love, as a table of counts, by the strongest coders of each; codes that no text has are left out. */
function crossed(texts: readonly DescribedText[], { variables, settled }: Coded): Finding[] {
  const [kind, tone] = ["kind_of_love", "tone"].map((wanted) =>
    variables.find(({ name }) => name === wanted),
  );
  if (!kind || !tone) return [];
  const kinds = strongestCodes(settled.get(kind.name)!)?.codes ?? new Map<string, string>();
  const tones = strongestCodes(settled.get(tone.name)!)?.codes ?? new Map<string, string>();
  const both = texts.flatMap(({ id }) =>
    kinds.has(id) && tones.has(id) ? [{ kind: kinds.get(id), tone: tones.get(id) }] : [],
  );
  const columns = kind.codes.filter(({ code }) => both.some((codes) => codes.kind === code));
  const rows = tone.codes.filter(({ code }) => both.some((codes) => codes.tone === code));
  if (both.length === 0) return [];
  const count = (one: string, other: string) =>
    both.filter((codes) => codes.kind === one && codes.tone === other).length;
  return [
    table("detail", `Tone by kind of love of the ${counted(both.length, "text")} that have both`, {
      columns: [
        { key: "tone", label: tone.title.toLowerCase(), format: "text" },
        ...columns.map(({ code }) => ({ key: code, label: code, format: "integer" as const })),
      ],
      rows: rows.map(({ code }) => ({
        tone: code,
        ...Object.fromEntries(columns.map((column) => [column.code, count(column.code, code)])),
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
        { key: "alpha", label: "Krippendorff’s alpha", format: "number" },
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
      "Agreement of coders is Krippendorff’s alpha for names: 1 is full agreement, 0 what chance would give; below .667 no conclusion should rest on a variable (Krippendorff 2019).",
    ),
  ];
}
