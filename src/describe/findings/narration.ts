import { type Finding, table } from "../../study/finding.ts";
import { type DescribedText, type FindingInput, idsOf } from "../described.ts";

/** Shares of person and tense, for human and machine texts. */
export function narration({ texts }: FindingInput): Finding[] {
  const rows = ["person", "tense"]
    .filter((name) => texts.has(name))
    .flatMap((name) => valuesOf(texts.all, name).map((value) => rowOf(texts, name, value)));
  if (rows.length === 0) return [];
  return [
    table("detail", "Person and tense of the narration (without dialogue)", {
      columns: [
        { key: "measure", label: "narration", format: "text" },
        { key: "human", label: "human", format: "percent" },
        { key: "machine", label: "machine", format: "percent" },
        { key: "texts", label: "which", format: "ids" },
      ],
      rows,
    }),
  ];
}

function rowOf({ all, human, machine }: FindingInput["texts"], name: string, value: string) {
  const matching = (texts: readonly DescribedText[]) => texts.filter(({ values }) => values[name] === value);
  const share = (texts: readonly DescribedText[]) =>
    texts.length === 0 ? null : matching(texts).length / texts.length;
  return {
    measure: `${value} ${name}`,
    human: share(human),
    machine: share(machine),
    texts: idsOf(matching(all)),
  };
}

/** The values of a text measure, the most frequent first. */
export function valuesOf(texts: readonly DescribedText[], name: string): string[] {
  const counts = new Map<string, number>();
  for (const { values } of texts) {
    const value = values[name];
    if (typeof value === "string" && value) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort(([, one], [, other]) => other - one).map(([value]) => value);
}
