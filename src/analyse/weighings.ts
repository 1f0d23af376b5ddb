import type { StudyVerdict } from "../stats/verdict-test.ts";
import { type WeighingGap, weighingGap } from "../stats/weighing-gap.ts";
import { type Finding, sentence, table } from "../study/finding.ts";
import { counted, listed, percent, percentRange } from "../study/print.ts";
import { type Method, methodOf, methodOf01, usualMethod } from "../study/settings/analyse.ts";
import type { Choice, Data } from "./data.ts";
import { marksOf } from "./equivalent.ts";
import { readersWhoFinished } from "./finished.ts";
import { asJudgments, clustersOf, verdictOnChoices } from "./judged.ts";

/** The verdict under one way to put judgments together. */
interface Weighing {
  readonly name: string;
  readonly test: StudyVerdict;
}

/** The verdict as declared, next to other ways to put the same judgments together. */
export interface Weighings {
  readonly readers: Weighing;
  readonly judgments: Weighing;
  /** Readers who went through their form to its end, alone; undefined where all did, or fewer than half. */
  readonly finished: Weighing | undefined;
  /** The usual method, where the study declared another. */
  readonly usual: Weighing | undefined;
  /** Readers and stories alone, where more is clustered. */
  readonly unclustered: Weighing | undefined;
  readonly gap: WeighingGap | undefined;
}

export function weighingsOf(data: Data, declared: StudyVerdict): Weighings {
  const { choices, settings } = data;
  const method = methodOf(settings);
  const under = (other: Method, own: readonly Choice[] = choices) =>
    sameMethod(method, other) && own === choices
      ? declared
      : verdictOnChoices(own, {
          ...data,
          settings: { ...settings, ...other, clusters: [...other.clusters] },
        });
  const even = equallyMany(choices);
  const weighed = (weigh: Method["weigh"]) => (even ? declared : under({ ...method, weigh }));
  const finished = readersWhoFinished(data);
  const readers = new Set(choices.map(({ participant }) => participant));
  const who = choices.filter(({ participant }) => finished.has(participant));
  const count = new Set(who.map(({ participant }) => participant)).size;
  return {
    readers: { name: "All readers weighed alike", test: weighed("readers") },
    judgments: { name: "All judgments weighed alike", test: weighed("judgments") },
    finished:
      count < readers.size && 2 * count >= readers.size
        ? { name: `The ${counted(count, "reader")} who finished, alone`, test: under(method, who) }
        : undefined,
    usual: sameMethod(method, usualMethod)
      ? undefined
      : { name: "As studies have it unless they say otherwise", test: under(usualMethod) },
    unclustered:
      clustersOf(choices, data).length > 0
        ? { name: "Readers and stories as the only clusters", test: under({ ...method, clusters: [] }) }
        : undefined,
    gap: even ? undefined : weighingGap(asJudgments(choices, data)),
  };
}

const sameMethod = (one: Method, other: Method): boolean =>
  one.weigh === other.weigh && one.clusters.join("\n") === other.clusters.join("\n");

/** Whether every reader judged as many human and as many machine stories as any other, so that both weighings are one. */
function equallyMany(choices: readonly Choice[]): boolean {
  const counts = new Map<string, [number, number]>();
  for (const { participant, origin } of choices) {
    const own = counts.get(participant) ?? [0, 0];
    own[origin === "human" ? 0 : 1]++;
    counts.set(participant, own);
  }
  return new Set([...counts.values()].map(String)).size <= 1;
}

/** A gap between weighings that is told as a warning. */
const noticeable = 0.005;

/** Nothing where all ways are one. */
export function weighingFindings(weighings: Weighings, declared: StudyVerdict, data: Data): Finding[] {
  const { readers, judgments, finished, usual, unclustered, gap } = weighings;
  const others = [...(gap ? [readers, judgments] : []), finished, usual, unclustered].filter(
    (one) => one !== undefined,
  );
  if (others.length === 0 || declared.overall.estimate === undefined) return [];
  const accuracy = ({ test }: Weighing) => percent(test.overall.estimate!);
  const estimates = [
    ...(gap
      ? [
          `over readers weighed alike accuracy is ${accuracy(readers)}`,
          `over judgments weighed alike ${accuracy(judgments)}`,
        ]
      : []),
    ...(finished?.test.overall.estimate === undefined
      ? []
      : [`${gap ? "" : "accuracy is "}${accuracy(finished)} for ${finished.name.replace(/^The/, "the")}`]),
  ];
  const parts = gap !== undefined && gap.p <= data.settings.alpha && Math.abs(gap.gap) >= noticeable;
  return [
    ...(estimates.length > 0 ? [sentence("result", `${capital(listed(estimates))}.`)] : []),
    ...(parts ? [sentence("warning", sayParts(gap, methodOf(data.settings)))] : []),
    ...(usual ? [sentence("result", sayUsual(usual, data))] : []),
    table("detail", "The same judgments put together in other ways", {
      columns: [
        { key: "weighing", label: "Judgments", format: "text" },
        { key: "accuracy", label: "Balanced accuracy", format: "percent" },
        { key: "low", label: "Interval", format: "percent" },
        { key: "high", label: "to", format: "percent" },
        { key: "verdict", label: "Verdict", format: "text" },
      ],
      rows: [{ name: "As declared: the verdict of this report", test: declared }, ...others].map(
        ({ name, test: { overall, together } }) => ({
          weighing: name,
          accuracy: overall.estimate ?? null,
          low: overall.degrees > 0 ? overall.interval.low : null,
          high: overall.degrees > 0 ? overall.interval.high : null,
          verdict: together,
        }),
      ),
    }),
  ];
}

const capital = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}`;

function sayParts({ gap }: WeighingGap, { weigh }: Method): string {
  const who = gap > 0 ? "more" : "less";
  const believe =
    weigh === "readers"
      ? "The verdict weighs readers alike, and so does not hang on who left."
      : "The verdict weighs judgments, as declared; the accuracy over readers weighed alike does not hang on who left.";
  return `Readers who judged more stories were right ${who} often than those who judged fewer: who left differs from who stayed. ${believe}`;
}

function sayUsual({ test: { overall, together } }: Weighing, data: Data): string {
  const method = methodOf(data.settings);
  const by = [
    method.weigh === "judgments" ? "judgments weighed alike" : "readers weighed alike",
    method.clusters.length > 0
      ? `${listed(method.clusters)} as clusters`
      : "no clusters but readers and stories",
  ];
  const as = sameMethod(method, methodOf01) ? "the analysis of version 0.1" : "an analysis of its own";
  const found =
    overall.degrees > 0
      ? `${together}, accuracy ${percent(overall.estimate!)} (${percentRange(overall.interval, marksOf(data))})`
      : `${together}, for ${overall.reason}`;
  return `The study declared ${as}: ${by.join(", ")}. With readers weighed alike and titles as clusters, as studies have it unless they say otherwise, the verdict is ${found}.`;
}
