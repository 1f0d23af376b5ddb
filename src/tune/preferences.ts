import type { Judgment } from "../study/judgment.ts";
import type { Stimulus } from "../study/stimulus.ts";
import type { Task } from "../tasks/task.ts";

/** Two texts for one title: a line of `preferences.jsonl`, as the trainer reads it. */
export interface PreferencePair {
  readonly title: string;
  readonly chosen: string;
  readonly rejected: string;
  /** Whether the pair is only measured, before and after: some titles are not learnt from. */
  readonly held_out: boolean;
  /** Whether the text was cut for the readers, so that its end cannot be learnt. */
  readonly chosen_clipped: boolean;
  readonly rejected_clipped: boolean;
}

export interface Preferences {
  readonly pairs: readonly Omit<PreferencePair, "held_out">[];
  /** Judgments of this task. */
  readonly judgments: number;
  /** Judged titles without a pair: with one text only, or without a difference. */
  readonly titlesWithout: number;
}

/** Whether a task's answers order two texts: taken for human over taken for a machine, rated higher over lower. */
export const givesPreferences = ({ kind, asksOrigin }: Task): boolean =>
  kind === "rating" || (asksOrigin && (kind === "choice" || kind === "pair"));

/**
 * The pairs that the answers to a task give. A text's score is the share of readers who took it for human, or its mean
 * rating; of two texts for the same title the one with the higher score was preferred. Answers about a pair shown
 * together count for that pair. Answers that were told who wrote the story are left out.
 */
export function preferencesFrom(
  judgments: readonly Judgment[],
  stimuli: readonly Stimulus[],
  task: Task,
  ending: string,
): Preferences {
  const texts = new Map(stimuli.map((stimulus) => [stimulus.id, stimulus]));
  const own = judgments.filter((one) => one.task === task.name && one.told === undefined);
  const compared = task.kind === "pair" ? byPair(own, texts) : byScore(own, texts, task);
  const titles = new Set(own.flatMap(({ stimuli: [id] }) => texts.get(id ?? "")?.title ?? []));
  return {
    pairs: compared.map(([chosen, rejected]) => ({
      title: chosen.title,
      chosen: bare(chosen, ending),
      rejected: bare(rejected, ending),
      chosen_clipped: chosen.cut > 0,
      rejected_clipped: rejected.cut > 0,
    })),
    judgments: own.length,
    titlesWithout: titles.size - new Set(compared.map(([{ title }]) => title)).size,
  };
}

type Compared = readonly [chosen: Stimulus, rejected: Stimulus];
type Texts = ReadonlyMap<string, Stimulus>;

function byScore(judgments: readonly Judgment[], texts: Texts, { kind }: Task): Compared[] {
  const scores = new Map<string, number[]>();
  for (const { stimuli, response } of judgments) {
    const id = stimuli[0] ?? "";
    const score = kind === "rating" ? Number(response.answer) : Number(response.answer === "human");
    if (texts.has(id) && Number.isFinite(score)) scores.set(id, [...(scores.get(id) ?? []), score]);
  }
  const judged = [...scores].map(([id, values]) => ({ text: texts.get(id)!, score: mean(values) }));
  return judged.flatMap((one, at) =>
    judged
      .slice(at + 1)
      .filter((other) => other.text.title === one.text.title)
      .flatMap((other): Compared[] => ordered(one.text, other.text, one.score - other.score)),
  );
}

/** Pairs that readers saw together, if both have the same title. `side` is the place of the second text. */
function byPair(judgments: readonly Judgment[], texts: Texts): Compared[] {
  const wins = new Map<string, number>();
  for (const { stimuli, side, response } of judgments) {
    const [first, second] = stimuli.map((id) => texts.get(id));
    if (!first || !second || first.title !== second.title || side === undefined) continue;
    if (response.answer !== "left" && response.answer !== "right") continue;
    const [low, high] = [first.id, second.id].sort() as [string, string];
    const winner = response.answer === side ? second.id : first.id;
    const key = JSON.stringify([low, high]);
    wins.set(key, (wins.get(key) ?? 0) + (winner === low ? 1 : -1));
  }
  return [...wins].flatMap(([key, lead]) => {
    const [low, high] = JSON.parse(key) as [string, string];
    return ordered(texts.get(low)!, texts.get(high)!, lead);
  });
}

const ordered = (one: Stimulus, other: Stimulus, lead: number): Compared[] =>
  lead === 0 || one.text === other.text ? [] : [lead > 0 ? [one, other] : [other, one]];

/** The text without the mark that shows readers that it was cut. */
const bare = ({ text, cut }: Stimulus, ending: string): string =>
  cut > 0 && ending !== "" && text.endsWith(ending) ? text.slice(0, -ending.length) : text;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The fewest titles with a pair: as many to learn from as `tune run` needs stories, and ten to measure on. */
export const leastTitles = { learnt: 20, heldOut: 10 } as const;

/**
 * Holds a third of the titles out, with all their pairs. `order` is the titles in random order. Returns undefined if
 * there are too few titles.
 */
export function withHeldOut(
  pairs: Preferences["pairs"],
  order: (titles: string[]) => readonly string[],
): PreferencePair[] | undefined {
  const titles = [...new Set(pairs.map(({ title }) => title))].sort();
  if (titles.length < leastTitles.learnt + leastTitles.heldOut) return undefined;
  const heldOut = new Set(order(titles).slice(0, Math.floor(titles.length / 3)));
  return pairs.map((pair) => ({ ...pair, held_out: heldOut.has(pair.title) }));
}

/** Why there are too few judgments, and how many it takes at the rate at which they gave pairs so far. */
export function tooFew({ pairs, judgments, titlesWithout }: Preferences): { message: string; hint: string } {
  const found = new Set(pairs.map(({ title }) => title)).size;
  const needed = leastTitles.learnt + leastTitles.heldOut;
  const share = found / Math.max(1, found + titlesWithout);
  const judged = found + titlesWithout;
  const message = `${judgments} judgments prefer one of two texts for ${found} ${found === 1 ? "title" : "titles"}; learning from readers needs ${needed} (${leastTitles.learnt} to learn from, ${leastTitles.heldOut} to measure on)`;
  if (found === 0)
    return {
      message,
      hint: "readers must judge at least two texts for each title: a human and a machine one, or those of two models",
    };
  const titles = Math.ceil(needed / share);
  return {
    message,
    hint: `judgments of two texts for about ${titles} titles are needed, about ${Math.ceil((judgments / judged) * titles)} judgments as they came so far`,
  };
}
