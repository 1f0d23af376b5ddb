import type { Variable } from "../../coding/codebook.ts";
import type { Coded } from "../../coding/coded.ts";
import { strongestCodes } from "../../coding/final-codes.ts";
import { type CoderKind, cuesCoder } from "../../study/coding.ts";
import { type Finding, figure, sentence, table } from "../../study/finding.ts";
import { capital, counted, listed } from "../../study/print.ts";
import { type DescribedText, type FindingInput, idsOf } from "../described.ts";

/** Kind of love, tone and cultural setting: frequencies, tone by kind of love, and agreement of coders. */
export function codes({ texts, coded }: FindingInput): Finding[] {
  if (!coded.coders.some(isTrusted)) return [sentence("result", notCoded(coded))];
  return [
    sentence("result", whoCoded(coded)),
    ...coded.variables.flatMap((variable) => codeShares(variable, texts, coded)),
    ...toneByKind(texts.all, coded),
    ...agreementFindings(coded),
  ];
}

/** Codes by word lists are right in 14 of 20 texts, too few for a finding. */
const isTrusted = ({ kind, codings }: Coded["coders"][number]): boolean =>
  kind !== "cues" && codings.length > 0;

const notCoded = ({ variables }: Coded): string =>
  `Nobody has coded ${listed(variables.map(({ title }) => title.toLowerCase()))} yet. Two people can code a sample (\`tinylove code sheet\`), or a language model all texts (\`tinylove code model\`).`;

function whoCoded({ variables, coders: all }: Coded): string {
  const people = all.filter((coder) => coder.kind === "people" && isTrusted(coder));
  const models = all.filter((coder) => coder.kind === "model" && isTrusted(coder));
  const what = listed(variables.map(({ title }) => title.toLowerCase()));
  const by = [
    ...(people.length > 0 ? [counted(people.length, "person", "people")] : []),
    ...(models.length > 0 ? [counted(models.length, "language model")] : []),
  ];
  const precedence =
    people.length > 0 && models.length > 0 ? " Codes by people take precedence over those of a model." : "";
  const unchecked =
    people.length === 0
      ? " No person has coded any of the texts, so nothing shows how reliable these codes are."
      : "";
  return `${capital(what)} were coded by ${listed(by)}.${precedence}${unchecked}`;
}

/** Shares of each code by origin, from the best kind of coder available. */
function codeShares(
  variable: Variable,
  { human, machine }: FindingInput["texts"],
  { finalCodes }: Coded,
): Finding[] {
  const strongest = strongestCodes(finalCodes.get(variable.name)!);
  if (!strongest || strongest.by === "cues") return [];
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
        const matching = texts.filter(({ id }) => codes.get(id) === code);
        return {
          code,
          group,
          share: matching.length / texts.length,
          count: matching.length,
          texts: idsOf(matching),
        };
      }),
    );
  const coded = sides.reduce((sum, { texts }) => sum + texts.length, 0);
  if (coded === 0) return [];
  return [
    figure(
      "detail",
      `${variable.title} of the ${counted(coded, "text")} that ${coderLabels[by]} coded; unused codes are left out`,
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

const coderLabels: Record<CoderKind, string> = {
  people: "people",
  model: "a language model",
  cues: "word lists",
};

/** A table of tone by kind of love, from the best kind of coder of each; unused codes are left out. */
function toneByKind(texts: readonly DescribedText[], { variables, finalCodes }: Coded): Finding[] {
  const [kind, tone] = ["kind_of_love", "tone"].map((wanted) =>
    variables.find(({ name }) => name === wanted),
  );
  if (!kind || !tone) return [];
  const codesOf = ({ name }: Variable) => {
    const strongest = strongestCodes(finalCodes.get(name)!);
    return strongest && strongest.by !== "cues" ? strongest.codes : new Map<string, string>();
  };
  const [kinds, tones] = [codesOf(kind), codesOf(tone)];
  const both = texts.flatMap(({ id }) =>
    kinds.has(id) && tones.has(id) ? [{ kind: kinds.get(id), tone: tones.get(id) }] : [],
  );
  const columns = kind.codes.filter(({ code }) => both.some((codes) => codes.kind === code));
  const rows = tone.codes.filter(({ code }) => both.some((codes) => codes.tone === code));
  if (both.length === 0) return [];
  const count = (one: string, other: string) =>
    both.filter((codes) => codes.kind === one && codes.tone === other).length;
  return [
    table("detail", `Tone by kind of love, for the ${counted(both.length, "text")} with both codes`, {
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

function agreementFindings({ variables, agreements: all }: Coded): Finding[] {
  const agreements = all.filter(({ coders }) => !coders.includes(cuesCoder));
  if (agreements.length === 0) return [];
  return [
    table("detail", "Agreement of each pair of coders", {
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
      "Agreement of coders is Krippendorff’s alpha for nominal data: 1 is full agreement, 0 is chance; draw no conclusions from a variable below .667 (Krippendorff 2019).",
    ),
  ];
}
