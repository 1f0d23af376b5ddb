import { studentInterval } from "../stats/clustered.ts";
import { clusteredDetection } from "../stats/clustered-detection.ts";
import type { Estimate } from "../stats/signal-detection.ts";
import { type Verdict, verdictTest } from "../stats/verdict-test.ts";
import { type Finding, sentence } from "../study/finding.ts";
import { percent } from "../study/print.ts";
import { balancedNote } from "./accuracy-text.ts";
import { asJudgments, declaredVerdict, once, testOptions } from "./judged.ts";

interface EstimateWithInterval {
  readonly value: number;
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/** d', c and J with clustered intervals; undefined if one kind was never judged, interval undefined without an error. */
export interface Detection {
  /** The share of "human" answers, averaged over both kinds of story, tested against one half. */
  readonly bias: Verdict;
  readonly sensitivity: EstimateWithInterval | undefined;
  readonly criterion: EstimateWithInterval | undefined;
  readonly youden: EstimateWithInterval | undefined;
}

/** Skill and bias, with the clusters of the verdict. */
export const detectionOf = once((data): Detection => {
  const { overall } = declaredVerdict(data);
  const { choices, settings } = data;
  const judgments = asJudgments(choices, data);
  const said = choices.map(({ answer }) => answer === "human");
  const detection = clusteredDetection(judgments, settings.level);
  // With one reader, or one story of a kind, there is no interval.
  const known = overall.degrees > 0;
  const measured = ({ value, interval }: Estimate): EstimateWithInterval => ({
    value,
    low: known ? interval.low : undefined,
    high: known ? interval.high : undefined,
  });
  return {
    bias: verdictTest({ ...judgments, correct: said }, testOptions(data)).overall,
    sensitivity: detection && measured(detection.sensitivity),
    criterion: detection && measured(detection.criterion),
    youden: detection && measured(youdenOf(overall, settings.level)),
  };
});

/** Balanced accuracy on the scale of Youden's J, 2 x - 1, with the same error. */
function youdenOf({ estimate, standardError, degrees }: Verdict, level: number): Estimate {
  const [value, error] = [2 * estimate! - 1, 2 * standardError];
  const { low, high } = studentInterval(value, error, degrees, level);
  return { value, standardError: error, interval: { low: Math.max(-1, low), high: Math.min(1, high) } };
}

/** The pooled figures as rows of a table. */
export const detectionRows = ({ sensitivity, criterion, youden }: Detection) => [
  {
    measure: "d′, pooled",
    figures: sensitivity,
    meaning: "skill over all answers; lower than the mean reader’s if readers differ in bias",
  },
  { measure: "c, pooled", figures: criterion, meaning: "bias over all answers" },
  {
    measure: "Youden’s J",
    figures: youden,
    meaning: "accuracy on human + accuracy on machine stories − 1; 0 means no skill",
  },
];

/** A sentence on bias, which is claimed only if the interval excludes one half. */
export function biasFindings({ bias }: Detection): Finding[] {
  const { estimate, interval, degrees } = bias;
  if (estimate === undefined || degrees === 0) return [];
  const share = `Readers said “human” in ${percent(estimate)} of judgments${balancedNote(bias) && " (mean of both kinds of story)"}`;
  if (interval.low > 0.5 || interval.high < 0.5) {
    return [
      sentence(
        "result",
        `${share}. This bias towards “${estimate > 0.5 ? "human" : "machine"}” makes accuracy on human and on machine stories differ without any skill.`,
      ),
    ];
  }
  return [sentence("result", `${share}; no bias is shown.`)];
}
