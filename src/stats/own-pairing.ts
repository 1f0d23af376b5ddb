import type { Random } from "./random.ts";

/** How much more each item has in common with its own partner than with the partners of the others of its block. */
export interface OwnPairing {
  /** Mean over the items: similarity to the own partner minus the mean similarity to the other partners. */
  readonly excess: number;
  /** One-sided, by permutation of the partners within blocks. */
  readonly p: number;
  readonly permutations: number;
}

/**
 * A test of whether items take something from their partners. `similarity[item][partner]`; `own[item]` is the
 * item's partner, `blocks[item]` its block, within which partners could as well have been dealt otherwise: where a
 * partner has no influence every such deal is as likely, so that the p-value is exact whatever the similarities
 * are. It is (1 + deals at least as extreme) / (1 + deals) (Phipson and Smyth 2010).
 * Throws RangeError when there are fewer than two partners.
 */
export function ownPairing(
  similarity: readonly ArrayLike<number>[],
  own: readonly number[],
  blocks: readonly (string | number)[],
  permutations: number,
  random: Random,
): OwnPairing {
  const partners = similarity[0]?.length ?? 0;
  if (partners < 2) throw new RangeError("at least two partners");
  // The other partners' mean follows from the row's sum, so a deal costs one look per item.
  const rest = similarity.map((row) => Array.from(row).reduce((sum, value) => sum + value, 0));
  const excessOf = (deal: readonly number[]): number => {
    let sum = 0;
    for (let item = 0; item < deal.length; item++) {
      const mine = similarity[item]![deal[item]!]!;
      sum += mine - (rest[item]! - mine) / (partners - 1);
    }
    return sum / deal.length;
  };
  const members = new Map<string | number, number[]>();
  for (const [item, block] of blocks.entries()) members.set(block, [...(members.get(block) ?? []), item]);
  const excess = excessOf(own);
  let extreme = 0;
  const deal = [...own];
  for (let round = 0; round < permutations; round++) {
    for (const items of members.values()) {
      random.shuffle(items.map((item) => own[item]!)).forEach((partner, at) => {
        deal[items[at]!] = partner;
      });
    }
    if (excessOf(deal) >= excess - 1e-12) extreme += 1;
  }
  return { excess, p: (1 + extreme) / (1 + permutations), permutations };
}
