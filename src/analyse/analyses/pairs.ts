import { binomialTest } from "../../stats/binomial-test.ts";
import { clusteredMean } from "../../stats/clustered.ts";
import { clusteredPairDetection } from "../../stats/clustered-detection.ts";
import { studentTwoSided } from "../../stats/student-t.ts";
import { tost } from "../../stats/tost.ts";
import type { Verdict } from "../../stats/verdict-test.ts";
import { type Finding, figure, sentence } from "../../study/finding.ts";
import { counted, percent, percentApart, percentRange, printed, pValue } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import type { Data, Pair } from "../data.ts";
import { differentWithin, marksOf, sayEquivalent, withinMargin } from "../equivalent.ts";
import { verdictOnPairs } from "../judged.ts";
import { errorsOf, whyWithheld } from "../look.ts";
import { strengthFindings, strengthsOf } from "../strengths.ts";

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
    const test = verdictOnPairs(all, data);
    const naive = tost(test.correct, test.judgments, { margin: settings.margin }, settings.alpha);
    const sides = sidesOf(all, settings.level);
    const strengths = strengthsOf(all, settings.level);
    // Single judgments carry the headline where a study has both.
    const weight = data.asks.has("choices") ? "result" : "verdict";
    const findings: Finding[] = [
      sentence(weight, headline(test, data)),
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
        sensitivity: sensitivityOf(all, settings.level),
        sides,
        strengths,
      },
    };
  },
};

function headline(test: Verdict, data: Data): string {
  const { verdict, estimate } = test;
  const why = whyWithheld(data);
  if (why !== undefined) return `No verdict yet: ${why}.`;
  if (verdict === "equivalent") {
    const share = "side by side, the share in which the human story is found";
    return sayEquivalent({ share }, data);
  }
  if (verdict === "inconclusive") {
    return "Inconclusive: it is shown neither that readers find the human story of two nor that they cannot.";
  }
  if (test.withinMargin) {
    return `${differentWithin(data)}: side by side, the human story is found in ${percentApart(estimate!, marksOf(data))}.`;
  }
  return estimate! > 0.5
    ? "Different: side by side, readers find the human story more often than by guessing."
    : "Different: side by side, readers take the machine’s story for the human one more often than guessing would.";
}

function deck(test: Verdict, data: Data): string {
  const { alpha, equivalenceAlpha } = errorsOf(data);
  const level = (share: number) => `${Number((share * 100).toPrecision(4))} %`;
  const { estimate, correct, judgments } = test;
  const seen = `${counted(test.readers, "reader")} found the human story in ${printed(correct, "integer")} of ${counted(judgments, "pair")} (${percent(correct / judgments)})`;
  if (whyWithheld(data) !== undefined) return `So far ${seen}.`;
  if (estimate === undefined || test.degrees === 0) return `${seen}; ${test.reason}.`;
  return `${seen}; as a mean over the side on which it stood, ${percent(estimate)} (clustered standard error ${percent(test.standardError)}). The ${level(1 - 2 * equivalenceAlpha)} interval is ${percentRange(test.equivalenceInterval, marksOf(data))}, the declared margin ${withinMargin(data)}, the ${level(1 - alpha)} interval ${percentRange(test.interval, marksOf(data))}: equivalence, which has to hold at each side too, ${pValue(test.equivalenceP)}, difference ${pValue(test.differenceP)}; so ${test.verdict}, for ${test.reason}.`;
}

const sayNaive = ({ correct, judgments }: Verdict, exactP: number): string =>
  `If all judgments were independent, which they are not, the exact test of equivalence would give ${pValue(exactP)} and the binomial test of guessing ${pValue(binomialTest(correct, judgments, 0.5))}. Neither is the verdict.`;

function accuracyFigure(weight: "result" | "verdict", all: readonly Pair[], data: Data): Finding {
  const { margin } = data.settings;
  const { alpha } = errorsOf(data);
  const models = [...new Set(all.map(machineOf))].sort();
  const of = (name: string, own: readonly Pair[]) => {
    const test = verdictOnPairs(own, data);
    const known = test.degrees > 0;
    return {
      of: name,
      share: test.estimate ?? null,
      low: known ? test.interval.low : null,
      high: known ? test.interval.high : null,
      counts: `${printed(test.correct, "integer")} of ${printed(test.judgments, "integer")}`,
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
    `How often the human story was found, as a mean over the side on which it stood, with ${Number(((1 - alpha) * 100).toPrecision(4))} % intervals clustered by reader and by pair${models.length > 1 ? "; those of the models are each by itself, without correction for their number" : ""}`,
    {
      draw: "intervals",
      table: {
        columns: [
          { key: "of", label: "Beside", format: "text" },
          { key: "share", label: "Found, mean over sides", format: "percent" },
          { key: "low", label: "Interval", format: "percent" },
          { key: "high", label: "to", format: "percent" },
          { key: "counts", label: "In all", format: "text" },
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

/** d' with its clustered interval; undefined ends where one reader or one pair carries none. */
function sensitivityOf(all: readonly Pair[], level: number) {
  const detected = clusteredPairDetection(
    {
      correct: all.map(({ humanSide, chosenSide }) => humanSide === chosenSide),
      readers: all.map(({ participant }) => participant),
      stories: all.map(({ stimulus }, at) => stimulus || `pair ${at}`),
    },
    level,
  )!;
  const { low, high } = detected.interval;
  return {
    value: detected.value,
    low: Number.isFinite(low) ? low : undefined,
    high: Number.isFinite(high) ? high : undefined,
  };
}

interface Sides {
  readonly chosenLeft: number;
  readonly humanLeft: number;
  readonly pairs: number;
  readonly share: number;
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly p: number | undefined;
}

/** How often the left side was chosen, readers being the unit that repeats; no interval of one reader, or where all are alike. */
function sidesOf(all: readonly Pair[], level: number): Sides {
  const left = all.map(({ chosenSide }) => Number(chosenSide === "left"));
  const chosenLeft = left.reduce((sum, one) => sum + one, 0);
  const readers = all.map(({ participant }) => participant);
  const { estimate, standardError, degrees, interval } = clusteredMean(left, [readers], level);
  const known = degrees > 0 && standardError > 0;
  return {
    chosenLeft,
    humanLeft: all.filter(({ humanSide }) => humanSide === "left").length,
    pairs: all.length,
    share: estimate,
    low: known ? Math.max(0, interval.low) : undefined,
    high: known ? Math.min(1, interval.high) : undefined,
    p: known ? studentTwoSided((estimate - 0.5) / standardError, degrees) : undefined,
  };
}

function saySides({ chosenLeft, humanLeft, pairs: all, share, p }: Sides): string {
  const test = p === undefined ? "" : `; ${pValue(p)} against no preference, clustered by reader`;
  const balance =
    humanLeft === 0 || humanLeft === all
      ? ", the only side on which it was shown"
      : humanLeft * 2 === all
        ? ""
        : ", so that a preference for a side alone would move the share of right answers, but not its mean over the sides, which the verdict stands on";
  return `The left side was chosen in ${printed(chosenLeft, "integer")} of ${counted(all, "pair")} (${percent(share)}${test}); ${humanLeft === 0 ? "the human story stood on the right in all" : `the human story stood there in ${printed(humanLeft, "integer")}`}${balance}.`;
}

function method(data: Data): string {
  const { margin } = data.settings;
  const { alpha, equivalenceAlpha } = errorsOf(data);
  return `The share of pairs in which the human story was found, as the mean of the shares where it stood left and where it stood right, was tested against 0.5 as accuracy is: equivalence within ${margin}, of the mean and of the share at each side (an intersection-union test), by two one-sided tests at alpha ${Number(equivalenceAlpha.toPrecision(3))} and difference by a two-sided test at alpha ${Number(alpha.toPrecision(3))}, with standard errors clustered by reader and by pair. d′ of two alternatives is √2 z(share) with the log-linear correction. Writers were compared by Bradley and Terry’s model (1952) with an effect of the left side.`;
}
