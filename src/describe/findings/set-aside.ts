import { type Finding, sentence } from "../../study/finding.ts";
import { counted } from "../../study/print.ts";
import type { DescriptionInput } from "../described.ts";
import { besideTable } from "./comparison.ts";
import { failureTable, sayFailures } from "./failures.ts";

/** The attempts that nobody reads: what went wrong in them, and how they differ from those that count. */
export function setAside({ texts: { measures, machine, setAside } }: DescriptionInput): Finding[] {
  if (setAside.length === 0) return [];
  return [
    sentence(
      "detail",
      `Set aside ${setAside.length === 1 ? "was" : "were"} ${counted(setAside.length, "attempt")}, drawn again or not chosen; nobody reads them, and no figure above holds them: ${sayFailures(setAside, "attempt set aside", "attempts set aside")}.`,
    ),
    besideTable(
      "The machine’s texts that count beside the attempts that were set aside: the mean of every measure, and by how many standard deviations the latter lie above",
      measures,
      [
        { name: "counting", texts: machine },
        { name: "set aside", texts: setAside },
      ],
    ),
    failureTable("Attempts set aside that loop, break off or copy", [
      { key: "set_aside", label: "set aside", texts: setAside },
    ]),
  ];
}
