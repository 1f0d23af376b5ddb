import { type BetaPosterior, betaPosterior } from "../../stats/beta-binomial.ts";
import { normalQuantile } from "../../stats/normal.ts";
import { studentQuantile } from "../../stats/student-t.ts";
import { type Verdict, verdictTest } from "../../stats/verdict-test.ts";
import { type Finding, figure, sentence, table } from "../../study/finding.ts";
import { counted, marginRange, percent, percentRange, printed } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import type { Data } from "../data.ts";
import { asJudgments, testOptions } from "../judged.ts";

/** The same question for readers who prefer to hear what to believe: the posterior of accuracy within the margin. */
export const bayes: Analysis = {
  name: "bayes",
  asks: "What should be believed of readers’ accuracy, in Bayesian terms?",
  needs: ["choices"],
  run(data) {
    const { choices, settings } = data;
    const { level } = settings;
    if (choices.length === 0) {
      const prior = betaPosterior(0, 0, settings, { level });
      return {
        findings: [
          sentence(
            "result",
            `Before any judgment a uniform prior puts ${percent(prior.withinMargin)} on accuracy within the margin.`,
          ),
        ],
        numbers: { prior },
      };
    }
    const { overall } = verdictTest(asJudgments(choices, data), testOptions(data));
    const right = choices.filter((choice) => choice.right).length;
    const naive = betaPosterior(right, choices.length, settings, { level });
    const worth = effectiveJudgments(overall, level);
    if (overall.estimate === undefined || worth === 0) {
      return {
        findings: [
          sentence(
            "result",
            `These judgments say nothing of readers and stories like these: ${overall.reason}. What was believed before them stands.`,
          ),
        ],
        numbers: { effectiveJudgments: 0, independent: naive },
      };
    }
    const posterior = betaPosterior(overall.estimate * worth, worth, settings, { level });
    const findings: Finding[] = [
      sentence("result", sayBelief(posterior, worth, data)),
      densityFigure(posterior, data),
      table("detail", "Posteriors under a uniform prior", {
        columns: [
          { key: "of", label: "Judgments count as", format: "text" },
          { key: "judgments", label: "Worth", format: "integer" },
          { key: "mean", label: "Mean", format: "percent" },
          { key: "low", label: "Credible interval", format: "percent" },
          { key: "high", label: "to", format: "percent" },
          { key: "within", label: "P(within margin)", format: "percent" },
          { key: "above", label: "P(above half)", format: "percent" },
        ],
        rows: [
          rowOf("balanced, clustered by reader and by story", worth, posterior),
          rowOf("all alike and independent (too sure)", choices.length, naive),
        ],
      }),
      sentence("method", method),
    ];
    return { findings, numbers: { effectiveJudgments: worth, clustered: posterior, independent: naive } };
  },
};

/**
 * As many independent judgments as carry the same interval as these, which repeat by reader and by story: p(1 - p) over
 * the squared standard error, less where few readers or stories leave that error itself unsure, by (z / t)^2 (Korn and
 * Graubard 1998). A fraction is kept; 0 where no error is known.
 */
function effectiveJudgments({ correct, judgments, standardError, degrees }: Verdict, level: number): number {
  if (!(degrees > 0)) return 0;
  const share = (correct + 1) / (judgments + 2);
  const tail = 0.5 + level / 2;
  const unsure = normalQuantile(tail) / studentQuantile(tail, degrees);
  return Math.min(judgments, ((share * (1 - share)) / standardError ** 2) * unsure ** 2);
}

const sayBelief = (
  posterior: BetaPosterior,
  worth: number,
  { choices, settings: { margin, level } }: Data,
): string =>
  `From a uniform prior, with ${counted(choices.length, "judgment")} worth ${printed(worth, "integer")} independent ones, balanced accuracy lies within ${marginRange(margin)} with probability ${percent(posterior.withinMargin)}, and above guessing with probability ${percent(posterior.aboveChance)}; the ${Math.round(level * 100)} % credible interval is ${percentRange(posterior.interval)}.`;

/** The height of a beta distribution over shares, to a height of 1, where it is above a three-thousandth. */
function densityFigure({ a, b }: BetaPosterior, { settings: { margin } }: Data): Finding {
  const logs = Array.from({ length: 399 }, (_, at) => {
    const share = (at + 1) / 400;
    return { share, log: (a - 1) * Math.log(share) + (b - 1) * Math.log(1 - share) };
  });
  const most = Math.max(...logs.map(({ log }) => log));
  const near = logs.filter(({ log }) => log - most > -8);
  return figure("result", "What to believe of accuracy after these judgments", {
    draw: "curve",
    table: {
      columns: [
        { key: "share", label: "Accuracy", format: "percent" },
        { key: "height", label: "Plausibility, the most plausible being 1", format: "number" },
      ],
      rows: near.map(({ share, log }) => ({ share, height: Math.exp(log - most) })),
    },
    encode: { x: "share", y: "height" },
    labels: { x: "Accuracy", y: "Plausibility" },
    marks: [
      { axis: "x", at: 0.5, label: "guessing" },
      { axis: "x", at: 0.5 - margin, label: "margin" },
      { axis: "x", at: 0.5 + margin, label: "margin" },
    ],
  });
}

const rowOf = (
  of: string,
  judgments: number,
  { mean, interval, withinMargin, aboveChance }: BetaPosterior,
) => ({
  of,
  judgments,
  mean,
  low: interval.low,
  high: interval.high,
  within: withinMargin,
  above: aboveChance,
});

const method =
  "The Bayesian view is a beta-binomial posterior of balanced accuracy under a uniform prior (Gelman et al. 2013). Because judgments repeat by reader and by story, they count as the number of independent judgments that would have the same clustered interval (Korn and Graubard 1998).";
