/**
 * A Williams square: each of `conditions` once in each row and each position, each ordered pair of neighbours exactly
 * once, so that first-order carry-over is balanced (Williams 1949). The first row is 0, 1, n - 1, 2, n - 2 ...; an odd
 * number needs the mirrored square as well, 2n rows with each pair twice. Throws RangeError below 2.
 */
export function williamsSquare(conditions: number): number[][] {
  if (!Number.isInteger(conditions) || conditions < 2) {
    throw new RangeError(`a Williams square needs at least 2 conditions: ${conditions}`);
  }
  const first = Array.from({ length: conditions }, (_, at) =>
    at % 2 === 1 ? (at + 1) / 2 : (conditions - at / 2) % conditions,
  );
  const square = first.map((_, shift) => first.map((condition) => (condition + shift) % conditions));
  return conditions % 2 === 0 ? square : [...square, ...square.map((row) => [...row].reverse())];
}

/** Numbers of items (v), blocks (b), repeats of each item (r), items per block (k) and blocks with a given pair (lambda). */
export interface BlockDesign {
  readonly v: number;
  readonly b: number;
  readonly r: number;
  readonly k: number;
  readonly lambda: number;
}

/**
 * A balanced incomplete block design: b lists of k different items out of v, each item in r of them, each pair in lambda of
 * them. Found by backtracking, which always extends the first incomplete pair. Undefined if the search ends without a
 * design, or after `effort` steps (30 million by default, a few seconds), although one may exist. Throws RangeError if
 * none can exist: b k = v r, lambda (v - 1) = r (k - 1) and b >= v (Fisher) are necessary.
 */
export function balancedIncompleteBlocks(
  design: BlockDesign,
  { effort = 30_000_000 } = {},
): number[][] | undefined {
  checkBlockDesign(design);
  const { v, b, r, k, lambda } = design;
  const together = new Int32Array(v * v);
  const used = new Int32Array(v);
  const blocks: number[][] = [];
  let steps = 0;
  return fillBlocks() ? blocks.map((block) => [...block]) : undefined;

  /** Opens a block for the first incomplete pair. */
  function fillBlocks(): boolean {
    if (blocks.length === b) return true;
    const pair = firstIncomplete();
    if (pair === undefined) return false;
    const block: number[] = [];
    if (!place(block, pair[0])) return false;
    const done = place(block, pair[1]) && extend(block, pair[1] + 1);
    if (!done) while (block.length > 0) remove(block);
    return done;
  }

  /**
   * Fills a block with items in rising order. All pairs before the first incomplete one are complete, so the rising order
   * misses no design.
   */
  function extend(block: number[], from: number): boolean {
    if (block.length === k) {
      blocks.push(block);
      if (fillBlocks()) return true;
      blocks.pop();
      return false;
    }
    for (let item = from; item <= v - (k - block.length); item++) {
      if (++steps > effort) return false;
      if (!place(block, item)) continue;
      if (extend(block, item + 1)) return true;
      remove(block);
    }
    return false;
  }

  function place(block: number[], item: number): boolean {
    if (used[item]! >= r || block.some((other) => together[other * v + item]! >= lambda)) return false;
    for (const other of block) together[other * v + item]!++;
    used[item]!++;
    block.push(item);
    return true;
  }

  function remove(block: number[]): void {
    const item = block.pop()!;
    used[item]!--;
    for (const other of block) together[other * v + item]!--;
  }

  function firstIncomplete(): [number, number] | undefined {
    for (let one = 0; one < v; one++) {
      for (let other = one + 1; other < v; other++) {
        if (together[one * v + other]! < lambda) return [one, other];
      }
    }
    return undefined;
  }
}

function checkBlockDesign(design: BlockDesign): void {
  const { v, b, r, k, lambda } = design;
  for (const [name, value] of Object.entries(design)) {
    if (!Number.isInteger(value) || value < 1)
      throw new RangeError(`${name} must be a whole number from 1: ${value}`);
  }
  if (k < 2 || k >= v)
    throw new RangeError(`an incomplete block must have 2 to ${v - 1} of ${v} items: ${k}`);
  if (b * k !== v * r) throw new RangeError(`b k = v r must hold: ${b} x ${k}, ${v} x ${r}`);
  if (lambda * (v - 1) !== r * (k - 1)) {
    throw new RangeError(`lambda (v - 1) = r (k - 1) must hold: ${lambda} x ${v - 1}, ${r} x ${k - 1}`);
  }
  if (b < v) throw new RangeError(`there must be at least as many blocks as items: ${b} for ${v}`);
}
