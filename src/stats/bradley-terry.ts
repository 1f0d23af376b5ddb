import { indexLabels, type Label } from "./labels.ts";
import { type DesignMatrix, fitLogistic } from "./logistic.ts";

/** One comparison, or many alike. */
export interface Comparison {
  readonly winner: Label;
  readonly loser: Label;
  /** How often; 1 unless told. */
  readonly count?: number;
  /** Who stood first (at home, on the left): the order effect is fitted where this is told. */
  readonly first?: "winner" | "loser";
}

/** Strengths on the logit, or why there are none. */
export type BradleyTerry =
  | {
      readonly fitted: true;
      /** Of each name, in order of first appearance; the reference stands at 0. */
      readonly strengths: ReadonlyMap<Label, { readonly value: number; readonly standardError: number }>;
      /** The advantage of standing first; undefined where no comparison tells who did. */
      readonly order: { readonly value: number; readonly standardError: number } | undefined;
      readonly logLikelihood: number;
      readonly converged: boolean;
    }
  | { readonly fitted: false; readonly reason: string };

/**
 * Bradley and Terry's model of paired choices (1952): logit P(a beats b) = strength a - strength b (+ order, where a
 * stands first), fitted as a logistic regression by Newton's method (Agresti 2013, section 11.6). `reference` stands
 * at 0; the name that appears last unless told. A name that always or never wins, or two sets never compared, leave
 * no finite strengths: that is told. Throws RangeError on an unknown reference or a count below 0.
 */
export function bradleyTerry(comparisons: readonly Comparison[], reference?: Label): BradleyTerry {
  const { names } = indexLabels(comparisons.flatMap(({ winner, loser }) => [winner, loser]));
  if (names.length < 2) return { fitted: false, reason: "nothing was compared" };
  const zero = reference ?? names.at(-1)!;
  if (!names.includes(zero)) throw new RangeError(`the reference was never compared: ${zero}`);
  const places = new Map(names.filter((name) => name !== zero).map((name, at) => [name, at]));
  const ordered = comparisons.some(({ first }) => first !== undefined);
  const width = places.size + (ordered ? 1 : 0);
  if (!connected(names, comparisons)) {
    return {
      fitted: false,
      reason: "some always beat the others or never met them, so that no finite strengths exist",
    };
  }

  const { design, wins, trials } = rowsOf(comparisons, places, width, ordered);
  const fit = fitLogistic(design, wins, { trials });
  if (!fit.fitted) return fit;
  const figure = (at: number) => ({ value: fit.coefficients[at]!, standardError: fit.standardErrors[at]! });
  return {
    fitted: true,
    strengths: new Map(
      names.map((name) => [name, name === zero ? { value: 0, standardError: 0 } : figure(places.get(name)!)]),
    ),
    order: ordered ? figure(width - 1) : undefined,
    logLikelihood: fit.logLikelihood,
    converged: fit.converged,
  };
}

/** Each comparison as a row of the winner's view: 1 for the winner, -1 for the loser, 1 or -1 for who stood first. */
function rowsOf(
  comparisons: readonly Comparison[],
  places: ReadonlyMap<Label, number>,
  width: number,
  ordered: boolean,
): { design: DesignMatrix; wins: number[]; trials: number[] } {
  const design: number[][] = [];
  const counts: number[] = [];
  for (const { winner, loser, count = 1, first } of comparisons) {
    if (!(count >= 0)) throw new RangeError(`a count is 0 or more: ${count}`);
    if (winner === loser) throw new RangeError(`compared with itself: ${winner}`);
    const row = new Array<number>(width).fill(0);
    const up = places.get(winner);
    const down = places.get(loser);
    if (up !== undefined) row[up] = 1;
    if (down !== undefined) row[down] = -1;
    if (ordered && first !== undefined) row[width - 1] = first === "winner" ? 1 : -1;
    design.push(row);
    counts.push(count);
  }
  return { design, wins: counts, trials: counts };
}

/** Ford's condition (1957): from each name a chain of wins leads to each other. */
function connected(names: readonly Label[], comparisons: readonly Comparison[]): boolean {
  const reaches = (from: (c: Comparison) => Label, to: (c: Comparison) => Label) => {
    const seen = new Set([names[0]!]);
    for (let grew = true; grew; ) {
      grew = false;
      for (const comparison of comparisons) {
        if ((comparison.count ?? 1) > 0 && seen.has(from(comparison)) && !seen.has(to(comparison))) {
          seen.add(to(comparison));
          grew = true;
        }
      }
    }
    return seen.size === names.length;
  };
  const winner = ({ winner }: Comparison) => winner;
  const loser = ({ loser }: Comparison) => loser;
  return reaches(winner, loser) && reaches(loser, winner);
}
