import { type Finding, table } from "../../study/finding.ts";
import { numbersOf, type Seen, type Spread, spreadOf } from "../described.ts";

/** Every measure in numbers, human beside machine, with their difference in pooled standard deviations (Cohen's d). */
export function beside({ texts: { measures, human, machine } }: Seen): Finding[] {
  const rows = measures.flatMap(({ name, unit, format }) => {
    const [people, models] = [spreadOf(numbersOf(human, name)), spreadOf(numbersOf(machine, name))];
    if (people.n + models.n === 0) return [];
    return [
      {
        measure: name,
        unit: format === "percent" ? "share of yes" : unit,
        human: finite(people.mean),
        human_deviation: people.n > 1 ? people.deviation : null,
        machine: finite(models.mean),
        machine_deviation: models.n > 1 ? models.deviation : null,
        difference: differenceIn(people, models),
      },
    ];
  });
  return [
    table(
      "detail",
      "Human beside machine: the mean of every measure, and by how many standard deviations the machine's lies above",
      {
        columns: [
          { key: "measure", label: "measure", format: "text" },
          { key: "unit", label: "in", format: "text" },
          { key: "human", label: "human", format: "number" },
          { key: "human_deviation", label: "sd", format: "number" },
          { key: "machine", label: "machine", format: "number" },
          { key: "machine_deviation", label: "sd", format: "number" },
          { key: "difference", label: "apart, in sd", format: "number" },
        ],
        rows,
      },
    ),
  ];
}

function differenceIn(one: Spread, other: Spread): number | null {
  if (one.n < 2 || other.n < 2) return null;
  const squares = (one.n - 1) * one.deviation ** 2 + (other.n - 1) * other.deviation ** 2;
  const pooled = Math.sqrt(squares / (one.n + other.n - 2));
  return pooled === 0 ? null : (other.mean - one.mean) / pooled;
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
