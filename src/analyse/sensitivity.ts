import type { StudyVerdict } from "../stats/verdict-test.ts";
import { type WeightingGap, weightingGap } from "../stats/weighting-gap.ts";
import { type Finding, inSection, sentence, table } from "../study/finding.ts";
import { capital, counted, listed, percent, percentRange } from "../study/print.ts";
import { defaultMethod, type Method, methodOf, methodOf01 } from "../study/settings/analyse.ts";
import type { Choice, Data } from "./data.ts";
import { readersWhoFinished } from "./finished.ts";
import { asJudgments, clustersOf, declaredVerdict, once, verdictOnChoices } from "./judged.ts";
import { referencesOf } from "./margin.ts";

/** The verdict under an alternative analysis. */
interface AlternativeVerdict {
  readonly name: string;
  readonly test: StudyVerdict;
}

/** A sensitivity analysis: the verdict under other weightings, clusters and readers. */
export interface AlternativeVerdicts {
  readonly readers: AlternativeVerdict;
  readonly judgments: AlternativeVerdict;
  /** Only readers who finished their form; undefined if all did, or fewer than half. */
  readonly finished: AlternativeVerdict | undefined;
  /** The default method, if the study declared another. */
  readonly usual: AlternativeVerdict | undefined;
  /** Clustered by reader and story only, if the study declares more clusters. */
  readonly unclustered: AlternativeVerdict | undefined;
  readonly gap: WeightingGap | undefined;
}

/** Computed once, for the verdict and the robustness analysis. */
export const alternativeVerdicts = once((data): AlternativeVerdicts => {
  const { choices } = data;
  const declared = declaredVerdict(data);
  const method = methodOf(data.settings);
  const under = (other: Method, own: readonly Choice[] = choices) =>
    sameMethod(method, other) && own === choices ? declared : verdictUnder(other, own, data);
  const even = isBalanced(choices);
  const weighted = (weighting: Method["weighting"]) => (even ? declared : under({ ...method, weighting }));
  const finished = readersWhoFinished(data);
  const readers = new Set(choices.map(({ participant }) => participant));
  const who = choices.filter(({ participant }) => finished.has(participant));
  const count = new Set(who.map(({ participant }) => participant)).size;
  return {
    readers: { name: "Equal weight for each reader", test: weighted("readers") },
    judgments: { name: "Equal weight for each judgment", test: weighted("judgments") },
    finished:
      count < readers.size && 2 * count >= readers.size
        ? { name: `Only the ${counted(count, "reader")} who finished`, test: under(method, who) }
        : undefined,
    usual: sameMethod(method, defaultMethod)
      ? undefined
      : { name: "The default analysis", test: under(defaultMethod) },
    unclustered:
      clustersOf(choices, data).length > 0
        ? { name: "Clustered by reader and story only", test: under({ ...method, clusters: [] }) }
        : undefined,
    gap: even ? undefined : weightingGap(asJudgments(choices, data)),
  };
});

/** The verdict on these judgments by another weighting and other clusters than the study's. */
const verdictUnder = (method: Method, choices: readonly Choice[], data: Data): StudyVerdict =>
  verdictOnChoices(choices, {
    ...data,
    settings: { ...data.settings, ...method, clusters: [...method.clusters] },
  });

const sameMethod = (one: Method, other: Method): boolean =>
  one.weighting === other.weighting && one.clusters.join("\n") === other.clusters.join("\n");

/** Whether all readers judged the same numbers of human and machine stories, so that both weightings are the same. */
function isBalanced(choices: readonly Choice[]): boolean {
  const counts = new Map<string, [number, number]>();
  for (const { participant, origin } of choices) {
    const own = counts.get(participant) ?? [0, 0];
    own[origin === "human" ? 0 : 1]++;
    counts.set(participant, own);
  }
  return new Set([...counts.values()].map(String)).size <= 1;
}

/** The smallest gap between the weightings that gives a warning. */
const noticeable = 0.005;

/** The findings of the sensitivity analysis; none if all alternatives are the same. */
export function alternativeFindings(
  alternatives: AlternativeVerdicts,
  declared: StudyVerdict,
  data: Data,
): Finding[] {
  const { readers, judgments, finished, usual, unclustered, gap } = alternatives;
  const others = [...(gap ? [readers, judgments] : []), finished, usual, unclustered].filter(
    (one) => one !== undefined,
  );
  if (others.length === 0 || declared.overall.estimate === undefined) return [];
  const accuracy = ({ test }: AlternativeVerdict) => percent(test.overall.estimate!);
  const estimates = [
    ...(gap
      ? [
          `accuracy is ${accuracy(readers)} with equal weight for each reader`,
          `${accuracy(judgments)} with equal weight for each judgment`,
        ]
      : []),
    ...(finished?.test.overall.estimate === undefined
      ? []
      : [`${gap ? "" : "accuracy is "}${accuracy(finished)} for ${finished.name.replace(/^Only/, "only")}`]),
  ];
  const parts = gap !== undefined && gap.p <= data.settings.alpha && Math.abs(gap.gap) >= noticeable;
  const sentences = [
    ...(estimates.length > 0 ? [sentence("result", `${capital(listed(estimates))}.`)] : []),
    ...(parts ? [sentence("warning", gapText(gap, methodOf(data.settings)))] : []),
    ...(usual ? [sentence("result", defaultText(usual, data))] : []),
  ];
  return [
    ...inSection("robustness", ...sentences),
    table("detail", "Sensitivity of the verdict to the analysis", {
      columns: [
        { key: "analysis", label: "Analysis", format: "text" },
        { key: "accuracy", label: "Balanced accuracy", format: "percent" },
        { key: "low", label: "Interval", format: "percent" },
        { key: "high", label: "to", format: "percent" },
        { key: "verdict", label: "Verdict", format: "text" },
      ],
      rows: [{ name: "As declared (the verdict of this report)", test: declared }, ...others].map(
        ({ name, test: { overall, together } }) => ({
          analysis: name,
          accuracy: overall.estimate ?? null,
          low: overall.degrees > 0 ? overall.interval.low : null,
          high: overall.degrees > 0 ? overall.interval.high : null,
          verdict: together,
        }),
      ),
    }),
  ];
}

function gapText({ gap }: WeightingGap, { weighting }: Method): string {
  const who = gap > 0 ? "more" : "less";
  const believe =
    weighting === "readers"
      ? "The verdict gives each reader equal weight and so does not depend on who left early."
      : "The verdict gives each judgment equal weight, as declared; the accuracy with equal weight for each reader does not depend on who left early.";
  return `Readers who judged more stories were right ${who} often than those who judged fewer, so those who left early differ from those who stayed. ${believe}`;
}

function defaultText({ test: { overall, together } }: AlternativeVerdict, data: Data): string {
  const method = methodOf(data.settings);
  const by = [
    method.weighting === "judgments" ? "equal weight for each judgment" : "equal weight for each reader",
    method.clusters.length > 0
      ? `clusters by ${listed(method.clusters)}`
      : "clusters by reader and story only",
  ];
  const as = sameMethod(method, methodOf01) ? "the analysis of version 0.1" : "its own analysis";
  const found =
    overall.degrees > 0
      ? `${together}, accuracy ${percent(overall.estimate!)} (${percentRange(overall.interval, referencesOf(data))})`
      : `${together}, because ${overall.reason}`;
  return `The study declared ${as}: ${by.join(", ")}. With the default analysis (equal weight for each reader, clusters by title) the verdict is ${found}.`;
}
