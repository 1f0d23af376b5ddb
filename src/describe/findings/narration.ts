import { type Finding, table } from "../../study/finding.ts";
import { type DescribedText, type DescriptionInput, idsOf } from "../described.ts";

/** Person and tense: of how many texts, human beside machine. */
export function narration({ texts }: DescriptionInput): Finding[] {
  const rows = ["person", "tense"]
    .filter((name) => texts.has(name))
    .flatMap((name) => valuesOf(texts.all, name).map((value) => rowOf(texts, name, value)));
  if (rows.length === 0) return [];
  return [
    table("detail", "Person and tense in which the texts are told, speech left aside", {
      columns: [
        { key: "measure", label: "told in", format: "text" },
        { key: "human", label: "human", format: "percent" },
        { key: "machine", label: "machine", format: "percent" },
        { key: "texts", label: "which", format: "ids" },
      ],
      rows,
    }),
  ];
}

function rowOf({ all, human, machine }: DescriptionInput["texts"], name: string, value: string) {
  const having = (texts: readonly DescribedText[]) => texts.filter(({ values }) => values[name] === value);
  const share = (texts: readonly DescribedText[]) =>
    texts.length === 0 ? null : having(texts).length / texts.length;
  return {
    measure: `${value} ${name}`,
    human: share(human),
    machine: share(machine),
    texts: idsOf(having(all)),
  };
}

/** The values that a measure of words has, the most frequent first. */
export function valuesOf(texts: readonly DescribedText[], name: string): string[] {
  const counts = new Map<string, number>();
  for (const { values } of texts) {
    const value = values[name];
    if (typeof value === "string" && value) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort(([, one], [, other]) => other - one).map(([value]) => value);
}
