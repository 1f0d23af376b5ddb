import { binomialTest } from "../../stats/binomial-test.ts";
import { bradleyTerry, type Comparison } from "../../stats/bradley-terry.ts";
import { clopperPearson } from "../../stats/intervals.ts";
import { normalQuantile } from "../../stats/normal.ts";
import { twoAlternativeSensitivity } from "../../stats/signal-detection.ts";
import { tost } from "../../stats/tost.ts";
import { proportionVerdict, type Verdict } from "../../stats/verdict-test.ts";
import { type Finding, figure, sentence, table } from "../../study/finding.ts";
import { counted, percent, percentRange, printed, pValue } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import type { Data, Pair } from "../data.ts";

/** Two stories side by side: how often the human one is found, on which side people click, and which writer wins. */
export const pairs: Analysis = {
  name: "pairs",
  asks: "Of two stories side by side, is the human one found?",
  needs: ["pairs"],
  beforeData: true,
  run(data) {
    const { pairs: all, settings } = data;
    if (all.length === 0) {
      return {
        findings: [
          ...(data.asks.has("choices")
            ? []
            : [sentence("verdict", "No verdict yet: nobody has compared two stories.")]),
          sentence("result", "Nobody has compared two stories yet."),
        ],
        numbers: { pairs: 0 },
      };
    }
    const test = verdictOn(all, data);
    const naive = tost(test.correct, test.judgments, { margin: settings.margin }, settings.alpha);
    const sides = sidesOf(all, settings.level);
    const strengths = strengthsOf(all, settings.level);
    // Single judgments carry the headline where a study has both.
    const weight = data.asks.has("choices") ? "result" : "verdict";
    const findings: Finding[] = [
      sentence(weight, headline(test)),
      sentence(weight, deck(test, data)),
      accuracyFigure(weight, all, data),
      sentence("result", sayNaive(test, naive.exactP)),
      sentence("result", saySides(sides)),
      ...strengthFindings(strengths),
      sentence("method", method(data)),
    ];
    return {
      findings,
      numbers: {
        ...test,
        naive: { ...naive, differenceP: binomialTest(test.correct, test.judgments, 0.5) },
        sensitivity: sensitivityOf(test),
        sides,
        strengths,
      },
    };
  },
};

/** A pair is the unit that repeats, as a story does for single judgments. */
export function verdictOn(all: readonly Pair[], { settings }: Pick<Data, "settings">): Verdict {
  // Pairs that a table does not name are each their own.
  const stories = all.map(({ stimulus }, at) => stimulus || `pair ${at}`);
  return proportionVerdict(
    {
      correct: all.map(({ humanSide, chosenSide }) => humanSide === chosenSide),
      readers: all.map(({ participant }) => participant),
      stories,
    },
    settings,
  );
}

function headline({ verdict, estimate }: Verdict): string {
  if (verdict === "equivalent") {
    return "Indistinguishable within the margin: side by side, the human story is found no more often than by guessing.";
  }
  if (verdict === "inconclusive") {
    return "Inconclusive: it is shown neither that readers find the human story of two nor that they cannot.";
  }
  return estimate! > 0.5
    ? "Different: side by side, readers find the human story."
    : "Different: side by side, readers take the machine’s story for the human one.";
}

function deck(test: Verdict, { settings: { margin, alpha } }: Data): string {
  const level = (share: number) => `${Number((share * 100).toPrecision(4))} %`;
  const seen = `${counted(test.readers, "reader")} found the human story in ${test.correct} of ${counted(test.judgments, "pair")} (${percent(test.correct / test.judgments)}; clustered standard error ${percent(test.standardError)})`;
  if (test.degrees === 0) return `${seen}; ${test.reason}.`;
  return `${seen}. The ${level(1 - 2 * alpha)} interval is ${percentRange(test.equivalenceInterval)}, the declared margin ${percentRange({ low: 0.5 - margin, high: 0.5 + margin })}: equivalence ${pValue(test.equivalenceP)}, difference ${pValue(test.differenceP)}.`;
}

const sayNaive = ({ correct, judgments }: Verdict, exactP: number): string =>
  `If all judgments were independent, which they are not, the exact test of equivalence would give ${pValue(exactP)} and the binomial test of guessing ${pValue(binomialTest(correct, judgments, 0.5))}: a difference that is not significant shows no equivalence.`;

function accuracyFigure(weight: "result" | "verdict", all: readonly Pair[], data: Data): Finding {
  const { margin, level } = data.settings;
  const models = [...new Set(all.map(machineOf))].sort();
  const of = (name: string, own: readonly Pair[]) => {
    const test = verdictOn(own, data);
    const known = Number.isFinite(test.standardError);
    const exact = clopperPearson(test.correct, test.judgments, level);
    return {
      of: name,
      share: test.correct / test.judgments,
      low: known ? test.interval.low : exact.low,
      high: known ? test.interval.high : exact.high,
      counts: `${test.correct} of ${test.judgments}`,
    };
  };
  const rows = [
    of("All pairs", all),
    ...(models.length > 1
      ? models.map((model) =>
          of(
            model,
            all.filter((pair) => machineOf(pair) === model),
          ),
        )
      : []),
  ];
  return figure(
    weight,
    "How often the human story was found, with intervals clustered by reader and by pair",
    {
      draw: "intervals",
      table: {
        columns: [
          { key: "of", label: "Beside", format: "text" },
          { key: "share", label: "Found", format: "percent" },
          { key: "low", label: "Interval", format: "percent" },
          { key: "high", label: "to", format: "percent" },
          { key: "counts", label: "Found", format: "text" },
        ],
        rows,
      },
      encode: { x: "share", low: "low", high: "high", y: "of", note: "counts" },
      labels: { x: "Share of pairs in which the human story was found" },
      marks: [
        { axis: "x", at: 0.5, label: "guessing" },
        { axis: "x", at: 0.5 - margin, label: "margin" },
        { axis: "x", at: 0.5 + margin, label: "margin" },
      ],
    },
  );
}

const machineOf = ({ humanSide, left, right }: Pair): string => (humanSide === "left" ? right : left);

function sensitivityOf({ correct, judgments, standardError }: Verdict): {
  value: number;
  low: number;
  high: number;
} {
  const share = (correct + 0.5) / (judgments + 1);
  const z = normalQuantile(0.975);
  const bound = (value: number) => twoAlternativeSensitivity(Math.min(0.9999, Math.max(0.0001, value)));
  const half = Number.isFinite(standardError) ? z * standardError : 0.5;
  return { value: twoAlternativeSensitivity(share), low: bound(share - half), high: bound(share + half) };
}

interface Sides {
  readonly chosenLeft: number;
  readonly humanLeft: number;
  readonly pairs: number;
  readonly share: number;
  readonly low: number;
  readonly high: number;
  readonly p: number;
}

function sidesOf(all: readonly Pair[], level: number): Sides {
  const chosenLeft = all.filter(({ chosenSide }) => chosenSide === "left").length;
  return {
    chosenLeft,
    humanLeft: all.filter(({ humanSide }) => humanSide === "left").length,
    pairs: all.length,
    share: chosenLeft / all.length,
    ...clopperPearson(chosenLeft, all.length, level),
    p: binomialTest(chosenLeft, all.length, 0.5),
  };
}

const saySides = ({ chosenLeft, humanLeft, pairs: all, share, p }: Sides): string =>
  `The left side was chosen in ${chosenLeft} of ${all} pairs (${percent(share)}; ${pValue(p)} against no preference); the human story stood there in ${humanLeft}.`;

interface Strengths {
  readonly fitted: boolean;
  readonly reason?: string;
  readonly writers: readonly { writer: string; strength: number; low: number; high: number }[];
  readonly left?: { readonly value: number; readonly low: number; readonly high: number } | undefined;
}

/** Bradley and Terry's strengths: every pair is a contest that its two writers fight for looking human. */
function strengthsOf(all: readonly Pair[], level: number): Strengths {
  const contests = all.map((pair): Comparison => {
    const chosen = pair.chosenSide;
    const [winner, loser] = chosen === "left" ? [pair.left, pair.right] : [pair.right, pair.left];
    return { winner, loser, first: chosen === "left" ? "winner" : "loser" };
  });
  const fit = bradleyTerry(
    contests,
    all.some(({ left, right }) => [left, right].includes("human")) ? "human" : undefined,
  );
  if (!fit.fitted) return { fitted: false, reason: fit.reason, writers: [] };
  const z = normalQuantile(0.5 + level / 2);
  const range = ({ value, standardError }: { value: number; standardError: number }) => ({
    low: value - z * standardError,
    high: value + z * standardError,
  });
  return {
    fitted: true,
    writers: [...fit.strengths]
      .map(([writer, strength]) => ({ writer: String(writer), strength: strength.value, ...range(strength) }))
      .sort((one, other) => other.strength - one.strength),
    left: fit.order && { value: fit.order.value, ...range(fit.order) },
  };
}

function strengthFindings({ fitted, reason, writers, left }: Strengths): Finding[] {
  if (!fitted) return [sentence("detail", `Strengths of the writers cannot be told: ${reason}.`)];
  const order = left
    ? ` Standing on the left is worth ${printed(left.value, "number")} (${printed(left.low, "number")} to ${printed(left.high, "number")}).`
    : "";
  return [
    sentence(
      "detail",
      `In Bradley and Terry’s model a writer’s strength is the log-odds of being taken for the human one beside a real human text, whose strength is 0.${order} Its intervals count judgments as independent and are too narrow where readers repeat.`,
    ),
    ...(writers.length > 2
      ? [
          figure("result", "Strength of each writer in looking human", {
            draw: "intervals",
            table: {
              columns: [
                { key: "writer", label: "Writer", format: "text" },
                { key: "strength", label: "Strength", format: "number" },
                { key: "low", label: "Interval", format: "number" },
                { key: "high", label: "to", format: "number" },
              ],
              rows: writers.map((writer) => ({ ...writer })),
            },
            encode: { x: "strength", low: "low", high: "high", y: "writer" },
            labels: { x: "Log-odds of being taken for the human one" },
            marks: [{ axis: "x", at: 0, label: "human" }],
          }),
        ]
      : [
          table("detail", "Strengths of the writers", {
            columns: [
              { key: "writer", label: "Writer", format: "text" },
              { key: "strength", label: "Strength", format: "number" },
              { key: "low", label: "Interval", format: "number" },
              { key: "high", label: "to", format: "number" },
            ],
            rows: writers.map((writer) => ({ ...writer })),
          }),
        ]),
  ];
}

const method = ({ settings: { margin, alpha } }: Data): string =>
  `The share of pairs in which the human story was found was tested against 0.5 as accuracy is: equivalence within ${margin} by two one-sided tests and difference by a two-sided test, both at alpha ${alpha}, with standard errors clustered by reader and by pair. d′ of two alternatives is √2 z(share) with the log-linear correction. Writers were compared by Bradley and Terry’s model (1952) with an effect of the left side.`;
