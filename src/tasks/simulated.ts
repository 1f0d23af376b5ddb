import type { Random } from "../stats/random.ts";
import { type Item, severalSeparator } from "./items.ts";
import type { Answer, Origin, TaskProperties } from "./kinds.ts";

/**
 * The parameters of a simulated participant. `skill` is d' (0 means guessing). `bias` shifts answers towards "human", for
 * a pair towards the left, for a rating upwards (0 means none).
 */
export interface SimulatedReader {
  readonly skill: number;
  readonly bias: number;
}

interface SimulatedTask extends Omit<TaskProperties, "rightAnswer"> {
  readonly rightAnswer: string | undefined;
  readonly items: readonly Item[];
}

/** A simulated reader's response to a task. */
export function simulatedResponse(
  { kind, asksOrigin, rightAnswer, items }: SimulatedTask,
  origins: readonly Origin[],
  reader: SimulatedReader,
  random: Random,
): Answer {
  const evidence = asksOrigin ? evidenceOf(origins, reader, random) : undefined;
  const answerTo = (item: Item): string | undefined => {
    if (evidence !== undefined && item.name === "answer") return answerFrom(kind, evidence);
    if (item.name === "confidence") return evidence === undefined ? undefined : confidenceOf(item, evidence);
    if (kind === "check" && item.name === "answer" && random.next() < 0.95) return rightAnswer;
    if (item.kind === "choice") return random.pick(item.options)[0];
    if (item.kind === "several") return severalOf(item, random);
    if (item.kind === "scale")
      return ratingFrom(item.levels, item.name === "answer" ? reader.bias : 0, random);
    if (item.kind === "line") return item.number ? String(random.integer(18, 80)) : "simulated";
    if (item.required || item.least !== undefined) return simulatedText.padEnd(item.least ?? 0, ".");
    return item.name === "answer" ? "" : undefined;
  };
  const given = items.flatMap((item) => {
    const answer = answerTo(item);
    return answer === undefined ? [] : [[item.name, answer] as const];
  });
  return { answer: "given", ...Object.fromEntries(given) };
}

/**
 * Equal-variance signal detection, in standard deviations. For one story, the evidence for "human" is normal with mean
 * +/- skill / 2. For a pair, it is the difference of two such values divided by the square root of 2, so that the answer
 * is right with probability Phi(d' / sqrt 2).
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

function answerFrom(kind: TaskProperties["kind"], evidence: number): string {
  if (kind === "pair") return evidence > 0 ? "left" : "right";
  return evidence > 0 ? "human" : "machine";
}

/** The confidence for evidence with unit variance: a level of the item's scale. */
function confidenceOf(item: Item, evidence: number): string | undefined {
  if (item.kind !== "scale") return undefined;
  return item.levels[Math.min(item.levels.length - 1, Math.floor(2 * Math.abs(evidence)))];
}

const simulatedText = "simulated";

/** Each option with probability 1/2, and at least one. */
function severalOf({ options }: Extract<Item, { kind: "several" }>, random: Random): string {
  const values = options.map(([value]) => value);
  const chosen = values.filter(() => random.next() < 0.5);
  return (chosen.length > 0 ? chosen : [random.pick(values)]).join(severalSeparator);
}

/** A rating on `levels`, normally distributed around their middle. */
function ratingFrom(levels: readonly string[], bias: number, random: Random): string {
  const drawn = Math.round((levels.length - 1) / 2 + bias + 1.3 * random.normal());
  return levels[Math.max(0, Math.min(levels.length - 1, drawn))]!;
}
