import { type Finding, sentence } from "../../study/finding.ts";
import { counted } from "../../study/print.ts";
import type { FindingInput } from "../described.ts";
import { comparisonTable } from "./comparison.ts";
import { failuresText, failureTable } from "./failures.ts";

/** The attempts set aside: their failures, and how they differ from those that count. */
export function setAside({ texts: { measures, machine, setAside } }: FindingInput): Finding[] {
  if (setAside.length === 0) return [];
  return [
    sentence(
      "detail",
      `${counted(setAside.length, "attempt")} ${setAside.length === 1 ? "was" : "were"} drawn again or not chosen, and ${setAside.length === 1 ? "is" : "are"} never shown and not part of the figures above: ${failuresText(setAside, "attempt set aside", "attempts set aside")}.`,
    ),
    comparisonTable(
      "Selected machine texts compared with attempts set aside: means and standard deviations of all measures, with Cohen’s d (set aside minus selected)",
      measures,
      [
        { name: "selected", texts: machine },
        { name: "set aside", texts: setAside },
      ],
    ),
    ...failureTable("Attempts set aside that loop, break off or copy", [
      { key: "set_aside", label: "set aside", texts: setAside },
    ]),
  ];
}
