import { expect, test } from "vitest";
import { balancedIncompleteBlocks, williamsSquare } from "../../src/stats/designs.ts";

test("the Williams square of six begins 0 1 5 2 4 3", () => {
  expect(williamsSquare(6)[0]).toEqual([0, 1, 5, 2, 4, 3]);
});

test.each([2, 3, 4, 5, 6, 7, 12])(
  "a Williams square of %i balances positions and neighbours",
  (conditions) => {
    const square = williamsSquare(conditions);
    const repeats = conditions % 2 === 0 ? 1 : 2;
    expect(square.length).toBe(conditions * repeats);
    const pairs = new Map<string, number>();
    const places = new Map<string, number>();
    for (const row of square) {
      expect(new Set(row).size).toBe(conditions);
      for (const [at, condition] of row.entries()) {
        places.set(`${at} ${condition}`, (places.get(`${at} ${condition}`) ?? 0) + 1);
        if (at > 0)
          pairs.set(`${row[at - 1]} ${condition}`, (pairs.get(`${row[at - 1]} ${condition}`) ?? 0) + 1);
      }
    }
    expect(pairs.size).toBe(conditions * (conditions - 1));
    expect(places.size).toBe(conditions * conditions);
    expect(new Set([...pairs.values(), ...places.values()])).toEqual(new Set([repeats]));
  },
);

test.each([
  { v: 6, b: 10, r: 5, k: 3, lambda: 2 },
  { v: 4, b: 6, r: 3, k: 2, lambda: 1 },
  { v: 7, b: 7, r: 3, k: 3, lambda: 1 },
  { v: 9, b: 12, r: 4, k: 3, lambda: 1 },
  { v: 13, b: 13, r: 4, k: 4, lambda: 1 },
  { v: 10, b: 15, r: 6, k: 4, lambda: 2 },
  { v: 16, b: 20, r: 5, k: 4, lambda: 1 },
])("blocks of $k out of $v balance: $b of them, $r repeats, $lambda of each pair", (design) => {
  const blocks = balancedIncompleteBlocks(design)!;
  expect(blocks.length).toBe(design.b);
  const repeats = new Int32Array(design.v);
  const pairs = new Int32Array(design.v * design.v);
  for (const block of blocks) {
    expect(new Set(block).size).toBe(design.k);
    for (const one of block) {
      repeats[one]!++;
      for (const other of block) pairs[one * design.v + other]!++;
    }
  }
  expect(new Set(repeats)).toEqual(new Set([design.r]));
  for (let one = 0; one < design.v; one++) {
    for (let other = 0; other < one; other++) expect(pairs[one * design.v + other]).toBe(design.lambda);
  }
});

test("impossible designs are refused, and a search without a result is undefined", () => {
  expect(() => balancedIncompleteBlocks({ v: 6, b: 9, r: 5, k: 3, lambda: 2 })).toThrow(
    new RangeError("b k = v r must hold: 9 x 3, 6 x 5"),
  );
  expect(() => balancedIncompleteBlocks({ v: 16, b: 8, r: 3, k: 6, lambda: 1 })).toThrow(
    new RangeError("there must be at least as many blocks as items: 8 for 16"),
  );
  expect(() => williamsSquare(1)).toThrow(new RangeError("a Williams square needs at least 2 conditions: 1"));
  // Passes the counting rules and is known not to exist (Bruck, Ryser and Chowla).
  expect(
    balancedIncompleteBlocks({ v: 22, b: 22, r: 7, k: 7, lambda: 2 }, { effort: 20_000 }),
  ).toBeUndefined();
});
