import type { Weighting } from "./clustered-share.ts";
import { checkJudgments, type Judgments } from "./judgments.ts";
import { checkLengths, indexLabels, indexPairs, type Label } from "./labels.ts";

/** The accuracies without one unit (a reader, a title, a form); undefined if nothing of a kind is left. */
export interface WithoutUnit {
  readonly unit: Label;
  readonly overall: number | undefined;
  readonly human: number | undefined;
  readonly machine: number | undefined;
}

/**
 * The accuracies of `verdictTest` without each unit in turn, by updating sums: the time grows with the number of judgments,
 * however many units there are. Throws as `checkJudgments`, and RangeError unless there is a unit for each judgment.
 */
export function leaveOneOut(
  judgments: Judgments,
  units: ArrayLike<Label>,
  weighting: Weighting = "judgments",
): WithoutUnit[] {
  checkJudgments(judgments);
  checkLengths(judgments.correct.length, { units });
  const unit = indexLabels(units);
  // With equal weight for each judgment all of them have one reader.
  const reader = indexLabels(weighting === "readers" ? judgments.readers : new Uint8Array(units.length));
  const cell = indexPairs(unit, reader);
  const [human, machine] = (["human", "machine"] as const).map((kind) => {
    const [own, ownRight] = [new Float64Array(reader.names.length), new Float64Array(reader.names.length)];
    const [part, partRight] = [new Float64Array(cell.names.length), new Float64Array(cell.names.length)];
    for (let at = 0; at < units.length; at++) {
      if (judgments.origins[at] !== kind) continue;
      own[reader.index[at]!]!++;
      part[cell.index[at]!]!++;
      if (!judgments.correct[at]) continue;
      ownRight[reader.index[at]!]!++;
      partRight[cell.index[at]!]!++;
    }
    let [sum, count] = [0, 0];
    for (const [at, all] of own.entries()) {
      if (all === 0) continue;
      sum += ownRight[at]! / all;
      count++;
    }
    const sums = new Float64Array(unit.names.length).fill(sum);
    const counts = new Float64Array(unit.names.length).fill(count);
    for (const [at, name] of cell.names.entries()) {
      if (part[at] === 0) continue;
      const which = Math.floor(Number(name) / reader.names.length);
      const its = Number(name) % reader.names.length;
      const left = own[its]! - part[at]!;
      sums[which]! -= ownRight[its]! / own[its]!;
      if (left > 0) sums[which]! += (ownRight[its]! - partRight[at]!) / left;
      else counts[which]!--;
    }
    return sums.map((value, which) => value / counts[which]!);
  });
  return unit.names.map((name, at) => {
    const [one, other] = [known(human![at]!), known(machine![at]!)];
    const overall = one === undefined || other === undefined ? undefined : (one + other) / 2;
    return { unit: name, overall, human: one, machine: other };
  });
}

const known = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined);
