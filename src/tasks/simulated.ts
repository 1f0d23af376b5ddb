import type { Random } from "../stats/random.ts";
import type { Item } from "./items.ts";
import type { Answer, Origin, TaskFacts } from "./kinds.ts";

/**
 * Who a simulated participant is: `skill` is d' (0 guesses), `bias` moves towards "human", of a pair towards the
 * left, of a rating upwards (0 is none).
 */
export interface SimulatedReader {
  readonly skill: number;
  readonly bias: number;
}

interface Asked extends Omit<TaskFacts, "rightAnswer"> {
  readonly rightAnswer: string | undefined;
  readonly items: readonly Item[];
}

/** What a simulated reader answers to a task of a kind. */
export function simulatedResponse(
  { kind, asksOrigin, rightAnswer, items }: Asked,
  origins: readonly Origin[],
  reader: SimulatedReader,
  random: Random,
): Answer {
  const evidence = asksOrigin ? evidenceOf(origins, reader, random) : undefined;
  const answerTo = (item: Item): string | undefined => {
    if (evidence !== undefined && item.name === "answer") return saidOf(kind, evidence);
    if (item.name === "confidence") return evidence === undefined ? undefined : confidenceOf(item, evidence);
    if (kind === "check" && item.name === "answer" && random.next() < 0.95) return rightAnswer;
    if (item.kind === "choice") return random.pick(item.options)[0];
    if (item.kind === "scale")
      return ratingFrom(item.levels, item.name === "answer" ? reader.bias : 0, random);
    if (item.kind === "line") return item.number ? String(random.integer(18, 80)) : "simulated";
    return item.name === "answer" ? "" : undefined;
  };
  const given = items.flatMap((item) => {
    const answer = answerTo(item);
    return answer === undefined ? [] : [[item.name, answer] as const];
  });
  return { answer: "given", ...Object.fromEntries(given) };
}

/**
 * Equal-variance signal detection, in units of standard deviations: of one story, evidence for "human" that is normal
 * around +/- skill / 2; of two, the difference of two such evidences over the square root of 2, so that the answer is
 * right with probability Phi(d' / sqrt 2).
 */
function evidenceOf(
  [left, right]: readonly Origin[],
  { skill, bias }: SimulatedReader,
  random: Random,
): number {
  const towards = left === "human" ? skill : -skill;
  if (right === undefined) return towards / 2 + random.normal() + bias;
  return (towards + Math.SQRT2 * random.normal() + bias) / Math.SQRT2;
}

function saidOf(kind: TaskFacts["kind"], evidence: number): string {
  if (kind === "pair") return evidence > 0 ? "left" : "right";
  return evidence > 0 ? "human" : "machine";
}

/** How sure a reader is of evidence that is normal with unit variance: a level of a scale of five, or its like. */
function confidenceOf(item: Item, evidence: number): string | undefined {
  if (item.kind !== "scale") return undefined;
  return item.levels[Math.min(item.levels.length - 1, Math.floor(2 * Math.abs(evidence)))];
}

/** A rating on `levels`, normal about their middle. */
function ratingFrom(levels: readonly string[], bias: number, random: Random): string {
  const drawn = Math.round((levels.length - 1) / 2 + bias + 1.3 * random.normal());
  return levels[Math.max(0, Math.min(levels.length - 1, drawn))]!;
}
