import { taskNamed } from "../tasks/tasks.ts";
import type { BotSignal } from "./bot-signals.ts";

/** An answer with its times, in the order shown. */
export interface TimedAnswer {
  readonly question: string;
  readonly task: string;
  readonly stimuli: readonly string[];
  readonly answer: string | number;
  /** Milliseconds measured by the browser; undefined if it measured none. */
  readonly ms: number | undefined;
  /** When it was stored, in milliseconds since 1970. */
  readonly at: number;
}

/**
 * How carefully a participant answered. The survey excludes nobody by it, because a wrong rule would shut out honest
 * readers unnoticed; the analysis decides.
 */
export interface ResponseQuality {
  /** Pages answered faster than their stories can be read. */
  readonly fastPages: number;
  /** The same answer to every story of a task with at least five stories. */
  readonly straightLining: boolean;
  /** Failed attention checks. */
  readonly failedChecks: number;
  /** Pages on which the honeypot, a hidden field, was filled in. */
  readonly filledHoneypots: number;
  /** Pages on which text was pasted. */
  readonly pastedAnswers: number;
}

/** With fewer stories, the same answer throughout may be honest: with six, 1 of 32 guessing readers gives it. */
const fewestForStraightLining = 5;

/**
 * The response quality of one participant. `wordsOf`: the length of each text in words; `fastest`: the highest plausible
 * reading speed in words a minute (silent reading averages 238: Brysbaert 2019). If the browser measured no time, the time
 * between two answers is used, which is never shorter.
 */
export function responseQualityOf(
  started: number,
  answers: readonly TimedAnswer[],
  botSignals: readonly BotSignal[],
  { wordsOf, fastest }: { wordsOf: ReadonlyMap<string, number>; fastest: number },
): ResponseQuality {
  const seen = new Set<string>();
  let before = started;
  let fastPages = 0;
  for (const { stimuli, ms, at } of answers) {
    const words = stimuli.reduce((sum, id) => sum + (seen.has(id) ? 0 : (wordsOf.get(id) ?? 0)), 0);
    for (const id of stimuli) seen.add(id);
    const took = ms ?? at - before;
    // A negative or zero time says nothing: the answer was changed after the next one, or imported together with it.
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
    filledHoneypots: botSignals.filter((signal) => signal === "trap").length,
    pastedAnswers: botSignals.filter((signal) => signal === "pasted").length,
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
