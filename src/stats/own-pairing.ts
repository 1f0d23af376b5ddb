import type { Random } from "./random.ts";

/** How much more similar items are to their own partner than to other partners. */
export interface OwnPairing {
  /** Mean over the items: similarity to their own partner minus the mean similarity to the other partners. */
  readonly excess: number;
  /** One-sided, by permutation of the partners within blocks. */
  readonly p: number;
  readonly permutations: number;
}

/**
 * Tests whether items resemble their partners (a story and its example). `similarity[item][partner]`; `own[item]` is the
 * item's partner and `blocks[item]` its block; partners were assigned at random within blocks. Without any influence all
 * assignments are equally likely, so the p-value is exact: (1 + permutations at least as extreme) / (1 + permutations)
 * (Phipson and Smyth 2010).
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
  if (partners < 2) throw new RangeError("there must be at least two partners");
  // The other partners' mean follows from the row's sum, so a permutation takes one step per item.
  const rest = similarity.map((row) => Array.from(row).reduce((sum, value) => sum + value, 0));
  const excessOf = (partnerOf: readonly number[]): number => {
    let sum = 0;
    for (let item = 0; item < partnerOf.length; item++) {
      const mine = similarity[item]![partnerOf[item]!]!;
      sum += mine - (rest[item]! - mine) / (partners - 1);
    }
    return sum / partnerOf.length;
  };
  const members = new Map<string | number, number[]>();
  for (const [item, block] of blocks.entries()) members.set(block, [...(members.get(block) ?? []), item]);
  const excess = excessOf(own);
  let extreme = 0;
  const permuted = [...own];
  for (let round = 0; round < permutations; round++) {
    for (const items of members.values()) {
      random.shuffle(items.map((item) => own[item]!)).forEach((partner, at) => {
        permuted[items[at]!] = partner;
      });
    }
    if (excessOf(permuted) >= excess - 1e-12) extreme += 1;
  }
  return { excess, p: (1 + extreme) / (1 + permutations), permutations };
}
