import { type BetaPosterior, betaPosterior } from "../../stats/beta-binomial.ts";
import { verdictTest } from "../../stats/verdict-test.ts";
import { type Finding, figure, sentence, table } from "../../study/finding.ts";
import { percent, percentRange, printed } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import type { Data } from "../data.ts";
import { asJudgments } from "../judged.ts";

/** The same question for readers who prefer to hear what to believe: the posterior of accuracy within the margin. */
export const bayes: Analysis = {
  name: "bayes",
  asks: "What should be believed of readers’ accuracy, in Bayesian terms?",
  needs: ["choices"],
  run(data) {
    const { choices, settings } = data;
    const right = choices.filter((choice) => choice.right).length;
    const naive = betaPosterior(right, choices.length, settings, { level: settings.level });
    if (choices.length === 0) {
      return {
        findings: [
          sentence(
            "result",
            `Before any judgment a uniform prior puts ${percent(naive.withinMargin)} on accuracy within the margin.`,
          ),
        ],
        numbers: { prior: naive },
      };
    }
    const worth = effectiveJudgments(data);
    const posterior = betaPosterior(Math.round((right / choices.length) * worth), worth, settings, {
      level: settings.level,
    });
    const findings: Finding[] = [
      sentence("result", sayBelief(posterior, worth, data)),
      densityFigure(posterior, data),
      table("detail", "Posteriors under a uniform prior", {
        columns: [
          { key: "of", label: "Judgments count as", format: "text" },
          { key: "judgments", label: "Judgments", format: "integer" },
          { key: "mean", label: "Mean", format: "percent" },
          { key: "low", label: "Credible interval", format: "percent" },
          { key: "high", label: "to", format: "percent" },
          { key: "within", label: "P(within margin)", format: "percent" },
          { key: "above", label: "P(above half)", format: "percent" },
        ],
        rows: [
          rowOf("clustered by reader and by story", worth, posterior),
          rowOf("independent (too sure)", choices.length, naive),
        ],
      }),
      sentence("method", method),
    ];
    return { findings, numbers: { effectiveJudgments: worth, clustered: posterior, independent: naive } };
  },
};

/** As many independent judgments as carry the same error as these, which repeat by reader and by story. */
function effectiveJudgments({ choices, settings }: Data): number {
  const { overall } = verdictTest(asJudgments(choices), settings);
  const share = (overall.correct + 1) / (overall.judgments + 2);
  if (!Number.isFinite(overall.standardError) || overall.standardError === 0)
    return Math.min(1, choices.length);
  const worth = Math.floor((share * (1 - share)) / overall.standardError ** 2);
  return Math.max(1, Math.min(choices.length, worth));
}

const sayBelief = (
  posterior: BetaPosterior,
  worth: number,
  { choices, settings: { margin, level } }: Data,
): string =>
  `From a uniform prior, with ${choices.length} judgments worth ${worth} independent ones, accuracy lies within ${percentRange({ low: 0.5 - margin, high: 0.5 + margin })} with probability ${printed(posterior.withinMargin, "percent")}, and above guessing with probability ${percent(posterior.aboveChance)}; the ${Math.round(level * 100)} % credible interval is ${percentRange(posterior.interval)}.`;

/** The height of a beta distribution over shares, to a height of 1, where it is above a three-thousandth. */
function densityFigure({ a, b }: BetaPosterior, { settings: { margin } }: Data): Finding {
  const logs = Array.from({ length: 49 }, (_, at) => {
    const share = (at + 1) / 50;
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
  "The Bayesian view is a beta-binomial posterior of accuracy under a uniform prior (Gelman et al. 2013). Because judgments repeat by reader and by story, they count as the number of independent judgments that would have the same clustered standard error.";
