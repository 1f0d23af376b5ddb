import { bradleyTerry, type Comparison } from "../stats/bradley-terry.ts";
import { normalQuantile } from "../stats/normal.ts";
import { type Finding, figure, sentence, type Table, table } from "../study/finding.ts";
import { printed } from "../study/print.ts";
import type { Pair } from "./data.ts";

/** How human each source (people, or a model) looks compared with the others, or why no model could be fitted. */
interface Strengths {
  readonly fitted: boolean;
  readonly reason?: string;
  readonly conditions: readonly {
    condition: string;
    strength: number;
    low: number | null;
    high: number | null;
  }[];
  readonly left?: { readonly value: number; readonly low: number; readonly high: number } | undefined;
}

/** Bradley–Terry strengths: every pair is a contest between two sources, won by the one taken for human. */
export function strengthsOf(all: readonly Pair[], level: number): Strengths {
  // A tie is half a win for each.
  const contests = all.flatMap((pair): Comparison[] =>
    (["left", "right"] as const).flatMap((side) => {
      const count = pair.chosenSide === "tie" ? 0.5 : Number(pair.chosenSide === side);
      const [winner, loser] = side === "left" ? [pair.left, pair.right] : [pair.right, pair.left];
      return count > 0 ? [{ winner, loser, count, first: side === "left" ? "winner" : "loser" }] : [];
    }),
  );
  const fit = bradleyTerry(
    contests,
    all.some(({ left, right }) => [left, right].includes("human")) ? "human" : undefined,
  );
  if (!fit.fitted) return { fitted: false, reason: fit.reason, conditions: [] };
  const z = normalQuantile(0.5 + level / 2);
  const range = ({ value, standardError }: { value: number; standardError: number }) => ({
    low: value - z * standardError,
    high: value + z * standardError,
  });
  return {
    fitted: true,
    conditions: [...fit.strengths]
      .map(([condition, strength]) => ({
        condition: String(condition),
        strength: strength.value,
        // The reference is 0 by definition and has no error.
        ...(strength.standardError > 0 ? range(strength) : { low: null, high: null }),
      }))
      .sort((one, other) => other.strength - one.strength),
    left: fit.order && { value: fit.order.value, ...range(fit.order) },
  };
}

/**
 * The strengths in a sentence and a table, or a figure with several models. `chosen` is what it means that a text wins, `name`
 * a name of the comparison for captions.
 */
export function strengthFindings(
  { fitted, reason, conditions, left }: Strengths,
  { chosen, name = "" }: { readonly chosen: string; readonly name?: string } = {
    chosen: "being taken for human",
  },
): Finding[] {
  const caption = `Bradley–Terry strength of each source${name && `: ${name}`}`;
  if (!fitted) return [sentence("detail", `The Bradley–Terry model could not be fitted: ${reason}.`)];
  const order = left
    ? ` The effect of the left side is ${printed(left.value, "number")} (${printed(left.low, "number")} to ${printed(left.high, "number")}).`
    : "";
  const strengths: Table = {
    columns: [
      { key: "condition", label: "Condition", format: "text" },
      { key: "strength", label: "Strength", format: "number" },
      { key: "low", label: "Interval", format: "number" },
      { key: "high", label: "to", format: "number" },
    ],
    rows: conditions.map((condition) => ({ ...condition })),
  };
  return [
    sentence(
      "detail",
      `In the Bradley–Terry model, the strength of a source is the log-odds of ${chosen} when paired with a human text, whose strength is 0.${order} Intervals treat judgments as independent and are too narrow because readers repeat.`,
    ),
    ...(conditions.length > 2
      ? [
          figure("detail", caption, {
            draw: "intervals",
            table: strengths,
            encode: { x: "strength", low: "low", high: "high", y: "condition" },
            labels: { x: `Log-odds of ${chosen}` },
            marks: [{ axis: "x", at: 0, label: "human" }],
          }),
        ]
      : [table("detail", caption, strengths)]),
  ];
}
