import { taskNamed } from "../tasks/tasks.ts";
import type { BotSignal } from "./bot-signals.ts";

/** An answer as far as it tells how somebody answered; in the order shown. */
export interface TimedAnswer {
  readonly question: string;
  readonly task: string;
  readonly stimuli: readonly string[];
  readonly answer: string | number;
  /** Milliseconds that the browser measured, where it did. */
  readonly ms: number | undefined;
  /** Milliseconds since 1970 at which it was stored. */
  readonly at: number;
}

/**
 * How somebody answered, for the analysis to weigh. None of it refuses anybody: a rule that is wrong would shut honest
 * readers out, and nobody would know.
 */
export interface ResponseQuality {
  /** Stories that were answered in less time than they can be read in. */
  readonly fastPages: number;
  /** One answer to every story of a task, where it was asked about at least so many. */
  readonly straightLining: boolean;
  /** Instructions that were not followed. */
  readonly failedChecks: number;
  /** Pages whose hidden field was filled in. */
  readonly filledTraps: number;
  /** Pages on which text was pasted. */
  readonly pastedAnswers: number;
}

/** Of fewer stories an honest reader may well say the same: of six, one in thirty-two who guess. */
const fewestForStraightLining = 5;

/**
 * Looks at how somebody answered. `wordsOf` is how long each text is; `fastest` is how many words a minute can be read
 * at most (silent reading is 238 on average: Brysbaert 2019). Where no browser measured the time, the time between two
 * answers stands for it, which is never shorter.
 */
export function responseQualityOf(
  started: number,
  answers: readonly TimedAnswer[],
  signs: readonly BotSignal[],
  { wordsOf, fastest }: { wordsOf: ReadonlyMap<string, number>; fastest: number },
): ResponseQuality {
  const seen = new Set<string>();
  let before = started;
  let fastPages = 0;
  for (const { stimuli, ms, at } of answers) {
    const words = stimuli.reduce((sum, id) => sum + (seen.has(id) ? 0 : (wordsOf.get(id) ?? 0)), 0);
    for (const id of stimuli) seen.add(id);
    const took = ms ?? at - before;
    // An answer that was changed after the next was given says nothing of how long its page was read; nor do answers
    // that came in together from another form system.
    if (words > 0 && took > 0 && took < (words / fastest) * 60_000) fastPages += 1;
    before = at;
  }
  return {
    fastPages,
    straightLining: isStraightLining(answers),
    failedChecks: answers.filter(
      ({ task, stimuli, answer }) =>
        stimuli.length === 0 && taskNamed(task)?.score({ answer } as never, []) === 0,
    ).length,
    filledTraps: signs.filter((sign) => sign === "trap").length,
    pastedAnswers: signs.filter((sign) => sign === "pasted").length,
  };
}

function isStraightLining(answers: readonly TimedAnswer[]): boolean {
  const byTask = new Map<string, (string | number)[]>();
  for (const { task, stimuli, answer } of answers) {
    if (stimuli.length > 0) byTask.set(task, [...(byTask.get(task) ?? []), answer]);
  }
  return [...byTask.values()].some(
    (given) => given.length >= fewestForStraightLining && new Set(given).size === 1,
  );
}
