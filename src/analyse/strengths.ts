import { bradleyTerry, type Comparison } from "../stats/bradley-terry.ts";
import { normalQuantile } from "../stats/normal.ts";
import { type Finding, figure, sentence, type Table, table } from "../study/finding.ts";
import { printed } from "../study/print.ts";
import type { Pair } from "./data.ts";

/** How strongly each writer looks human beside the others; none where no model of it has a fit, with the reason. */
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

/** Bradley and Terry's strengths: every pair is a contest that its two writers fight for looking human. */
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

/** The strengths in words, and as a figure where several models wrote. */
export function strengthFindings({ fitted, reason, conditions, left }: Strengths): Finding[] {
  if (!fitted) return [sentence("detail", `Strengths of the writers cannot be told: ${reason}.`)];
  const order = left
    ? ` Standing on the left is worth ${printed(left.value, "number")} (${printed(left.low, "number")} to ${printed(left.high, "number")}).`
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
      `In Bradley and Terry’s model a writer’s strength is the log-odds of being taken for the human one beside a real human text, whose strength is 0.${order} Its intervals count judgments as independent and are too narrow where readers repeat.`,
    ),
    ...(conditions.length > 2
      ? [
          figure("result", "Strength of each writer in looking human", {
            draw: "intervals",
            table: strengths,
            encode: { x: "strength", low: "low", high: "high", y: "condition" },
            labels: { x: "Log-odds of being taken for the human one" },
            marks: [{ axis: "x", at: 0, label: "human" }],
          }),
        ]
      : [table("detail", "Strengths of the writers", strengths)]),
  ];
}
