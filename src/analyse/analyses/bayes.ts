import { type BetaPosterior, betaPosterior } from "../../stats/beta-binomial.ts";
import { normalQuantile } from "../../stats/normal.ts";
import { studentQuantile } from "../../stats/student-t.ts";
import type { Verdict } from "../../stats/verdict-test.ts";
import { type Finding, figure, sentence, table } from "../../study/finding.ts";
import { counted, marginBetween, percent, percentRange, printed } from "../../study/print.ts";
import { marginMarks } from "../accuracy-figure.ts";
import type { Analysis } from "../analysis.ts";
import type { Data } from "../data.ts";
import { declaredTest } from "../judged.ts";

/** The Bayesian counterpart of the verdict: the posterior of accuracy within the margin. */
export const bayes: Analysis = {
  name: "bayes",
  question: "What is the posterior of readers’ accuracy?",
  needs: ["choices"],
  section: "robustness",
  run(data) {
    const { choices, settings } = data;
    const { level } = settings;
    if (choices.length === 0) {
      const prior = betaPosterior(0, 0, settings, { level });
      return {
        findings: [
          sentence(
            "result",
            `Before any judgment, the uniform prior gives accuracy within the margin a probability of ${percent(prior.withinMargin)}.`,
          ),
        ],
        numbers: { prior },
      };
    }
    const { overall } = declaredTest(data);
    const right = choices.filter((choice) => choice.right).length;
    const naive = betaPosterior(right, choices.length, settings, { level });
    const effective = effectiveJudgments(overall, level);
    if (overall.estimate === undefined || effective === 0) {
      return {
        findings: [sentence("result", `No posterior can be computed: ${overall.reason}.`)],
        numbers: { effectiveJudgments: 0, independent: naive },
      };
    }
    const posterior = betaPosterior(overall.estimate * effective, effective, settings, { level });
    const findings: Finding[] = [
      sentence("result", posteriorText(posterior, effective, data)),
      densityFigure(posterior, data),
      table("detail", "Posteriors under a uniform prior", {
        columns: [
          { key: "of", label: "Judgments treated as", format: "text" },
          { key: "judgments", label: "Effective number", format: "integer" },
          { key: "mean", label: "Mean", format: "percent" },
          { key: "low", label: "Credible interval", format: "percent" },
          { key: "high", label: "to", format: "percent" },
          { key: "within", label: "P(within margin)", format: "percent" },
          { key: "above", label: "P(above 50 %)", format: "percent" },
        ],
        rows: [
          rowOf("clustered by reader and by story", effective, posterior),
          rowOf("independent (overconfident)", choices.length, naive),
        ],
      }),
      sentence("method", method),
    ];
    return { findings, numbers: { effectiveJudgments: effective, clustered: posterior, independent: naive } };
  },
};

/**
 * The effective number of independent judgments, with the same interval as these clustered ones: p(1 - p) over the
 * squared standard error, times (z / t)^2 where few readers or stories make that error uncertain (Korn and Graubard
 * 1998). May be a fraction; 0 without a standard error.
 */
function effectiveJudgments({ correct, judgments, standardError, degrees }: Verdict, level: number): number {
  if (!(degrees > 0)) return 0;
  const share = (correct + 1) / (judgments + 2);
  const tail = 0.5 + level / 2;
  const widening = normalQuantile(tail) / studentQuantile(tail, degrees);
  return Math.min(judgments, ((share * (1 - share)) / standardError ** 2) * widening ** 2);
}

const posteriorText = (
  posterior: BetaPosterior,
  effective: number,
  { choices, settings: { margin, level } }: Data,
): string =>
  `With a uniform prior and ${counted(choices.length, "judgment")} (an effective ${printed(effective, "integer")} independent ones), balanced accuracy lies ${marginBetween(margin)} with probability ${percent(posterior.withinMargin)} and above 50 % with probability ${percent(posterior.aboveChance)}. The ${Math.round(level * 100)} % credible interval is ${percentRange(posterior.interval)}.`;

/** The density of the posterior, scaled to a maximum of 1, where it is above 1/3000. */
function densityFigure({ a, b }: BetaPosterior, { settings: { margin } }: Data): Finding {
  const logs = Array.from({ length: 399 }, (_, at) => {
    const share = (at + 1) / 400;
    return { share, log: (a - 1) * Math.log(share) + (b - 1) * Math.log(1 - share) };
  });
  const most = Math.max(...logs.map(({ log }) => log));
  const near = logs.filter(({ log }) => log - most > -8);
  return figure("detail", "Posterior of balanced accuracy", {
    draw: "curve",
    table: {
      columns: [
        { key: "share", label: "Accuracy", format: "percent" },
        { key: "height", label: "Density (maximum 1)", format: "number" },
      ],
      rows: near.map(({ share, log }) => ({ share, height: Math.exp(log - most) })),
    },
    encode: { x: "share", y: "height" },
    labels: { x: "Accuracy", y: "Posterior density" },
    marks: marginMarks(margin),
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
  "The Bayesian view is a beta-binomial posterior of balanced accuracy under a uniform prior (Gelman et al. 2013). Judgments repeat by reader and by story, so they enter as the number of independent judgments with the same clustered interval (Korn and Graubard 1998).";
