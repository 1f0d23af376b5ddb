import { spearman } from "../stats/correlation.ts";
import { mean, standardDeviation } from "../stats/quantile.ts";
import type { Random } from "../stats/random.ts";
import { type Finding, figure, sentence, table } from "../study/finding.ts";
import type { Generation } from "../study/generation.ts";
import { pValue } from "../study/print.ts";
import type { Story } from "../study/story.ts";
import { sadness } from "../text/sad-and-glad.ts";

/** Texts that a level of a tone was asked of. */
export interface Level {
  readonly writer: string;
  readonly tone: string;
  readonly strength: number;
  readonly generation: Generation;
}

/** The attempts that count, of generations under a tone and a strength. */
export function levelsOf(generations: readonly Generation[]): Level[] {
  const last = new Map<string, Generation>();
  for (const generation of generations) {
    const { model, prompt, story, attempt, control, text } = generation;
    if (control?.["tone"] === undefined || control["strength"] === undefined || text === "") continue;
    const key = JSON.stringify([model.address, prompt.template, story]);
    if ((last.get(key)?.attempt ?? 0) < attempt) last.set(key, generation);
  }
  return [...last.values()].map((generation) => ({
    writer: `${generation.model.address} ${generation.prompt.template.split("+")[0]}`,
    tone: String(generation.control!["tone"]),
    strength: Number(generation.control!["strength"]),
    generation,
  }));
}

const permutations = 1999;

/**
 * "Is it possible to set the level of sadness?", the 2022 study's own open question: the level that was asked for
 * against the sadness that is measured, with Spearman's rank correlation and a test that deals the levels anew among
 * the texts of a title.
 */
export function doseResponse(
  levels: readonly Level[],
  stories: readonly Story[],
  random: Random,
): { findings: Finding[]; numbers: Record<string, unknown> } {
  const human = stories.filter(({ origin }) => origin.by === "human").map(({ text }) => sadness(text));
  const findings: Finding[] = [];
  const numbers: Record<string, unknown> = {};
  for (const [name, group] of groupsOf(levels)) {
    const strengths = group.map(({ strength }) => strength);
    const measured = group.map(({ generation }) => sadness(generation.text));
    const rho = spearman(strengths, measured)?.value ?? 0;
    const p = testOf(group, measured, rho, random.fork(name));
    const [{ tone }] = group as [Level];
    const follows = p <= 0.05 && Math.abs(rho) >= 0.1;
    findings.push(
      sentence(
        "result",
        follows
          ? `${name}: the sadness of the words ${rho > 0 ? "rises" : "falls"} with the strength of ${tone} that was asked for (rank correlation ${rho.toFixed(2)}, ${pValue(p)}).`
          : `${name}: the sadness of the words does not follow the strength of ${tone} that was asked for (rank correlation ${rho.toFixed(2)}, ${pValue(p)}).`,
      ),
      figure(
        "detail",
        `${name}: sadness by the strength of ${tone} asked for`,
        curve(strengths, measured, human),
      ),
      table("detail", `${name}: sadness by strength`, curve(strengths, measured, human).table),
    );
    numbers[`dose ${name}`] = { rho, p, texts: group.length };
  }
  findings.push(
    sentence(
      "method",
      "Sadness is counted by cues: words of loss and sorrow minus words of joy, per hundred words. It orders many texts and judges no single one.",
    ),
  );
  return { findings, numbers };
}

function groupsOf(levels: readonly Level[]): Map<string, Level[]> {
  const groups = new Map<string, Level[]>();
  for (const level of levels) {
    const name = `${level.writer}, ${level.tone}`;
    groups.set(name, [...(groups.get(name) ?? []), level]);
  }
  return new Map([...groups].filter(([, group]) => new Set(group.map(({ strength }) => strength)).size > 1));
}

/** Two-sided; levels are dealt anew among the texts of a title, for titles are sad or glad of themselves. */
function testOf(group: readonly Level[], measured: readonly number[], rho: number, random: Random): number {
  const byTitle = new Map<string, number[]>();
  for (const [at, { generation }] of group.entries())
    byTitle.set(generation.story, [...(byTitle.get(generation.story) ?? []), at]);
  let extreme = 0;
  const dealt = group.map(({ strength }) => strength);
  for (let round = 0; round < permutations; round++) {
    for (const items of byTitle.values()) {
      for (const [at, strength] of random.shuffle(items.map((item) => group[item]!.strength)).entries())
        dealt[items[at]!] = strength;
    }
    if (Math.abs(spearman(dealt, measured)?.value ?? 0) >= Math.abs(rho) - 1e-12) extreme += 1;
  }
  return (1 + extreme) / (1 + permutations);
}

function curve(strengths: readonly number[], measured: readonly number[], human: readonly number[]) {
  const levels = [...new Set(strengths)].sort((one, other) => one - other);
  const rows = levels.map((strength) => {
    const values = measured.filter((_, at) => strengths[at] === strength);
    const error = values.length > 1 ? (1.96 * standardDeviation(values)) / Math.sqrt(values.length) : 0;
    const middle = mean(values);
    return { strength, mean: middle, low: middle - error, high: middle + error, texts: values.length };
  });
  return {
    draw: "curve",
    table: {
      columns: [
        { key: "strength", label: "strength asked for", format: "integer" as const },
        { key: "mean", label: "sadness per hundred words", format: "number" as const },
        { key: "low", label: "95 % interval", format: "number" as const },
        { key: "high", label: "to", format: "number" as const },
        { key: "texts", label: "texts", format: "integer" as const },
      ],
      rows,
    },
    encode: { x: "strength", y: "mean", low: "low", high: "high" },
    labels: { x: "strength asked for", y: "sadness per hundred words" },
    marks: human.length > 0 ? [{ axis: "y" as const, at: mean(human), label: "people's stories" }] : [],
  };
}
