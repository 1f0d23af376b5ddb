/** A run of items that occurs at two places, `first` before `second`, counted in items. */
export interface SharedRun {
  readonly length: number;
  readonly first: number;
  readonly second: number;
}

/**
 * The longest run of items that occurs at two places of a list (they may overlap); the earliest of several. Length 0 if
 * no item occurs twice. Undefined items equal nothing, not even themselves.
 *
 * Positions are numbered so that equal runs of 1, 2, 4 ... items that begin there get equal numbers (Karp, Miller and
 * Rosenberg 1972), until no two positions are equal. Between the last two powers of two the length is found by binary
 * search, since a run of n is the pair of the runs of 2^k at its two ends. O(n log n) for any list, also of one item
 * throughout.
 */
export function longestSharedRun(
  items: readonly (string | undefined)[],
  isPair: IsPair = anyPair,
): SharedRun {
  let names = namesOf(items);
  let size = 1;
  let found = firstRepeat(names, isPair);
  if (!found) return { length: 0, first: 0, second: 0 };
  for (;;) {
    const doubled = paired(names, size, size * 2);
    const repeat = firstRepeat(doubled, isPair);
    if (!repeat) break;
    [names, size, found] = [doubled, size * 2, repeat];
  }

  let [shortest, longest, best] = [size, size * 2, found];
  while (longest - shortest > 1) {
    const middle = (shortest + longest) >> 1;
    const candidates = paired(names, size, middle);
    const repeat = firstRepeat(candidates, isPair);
    if (repeat) [shortest, best] = [middle, repeat];
    else longest = middle;
  }
  return { length: shortest, first: best[0], second: best[1] };
}

/** Whether two positions, the earlier first, are an accepted pair. */
type IsPair = (first: number, second: number) => boolean;
const anyPair: IsPair = () => true;

/** Numbers for items: equal items have equal numbers from 1; 0 equals nothing. */
function namesOf(items: readonly (string | undefined)[]): Int32Array {
  const named = new Map<string, number>();
  return Int32Array.from(items, (item) => {
    if (item === undefined) return 0;
    const name = named.get(item) ?? named.size + 1;
    named.set(item, name);
    return name;
  });
}

/** Names of the runs of `length`, from the names of the runs of `size` at their two ends. */
function paired(names: Int32Array, size: number, length: number): Int32Array {
  const runs = Math.max(0, names.length + size - length);
  const named = new Map<number, number>();
  const result = new Int32Array(runs);
  for (let at = 0; at < runs; at++) {
    const [start, end] = [names[at]!, names[at + length - size]!];
    if (start === 0 || end === 0) continue;
    const pair = start * (names.length + 1) + end;
    const name = named.get(pair) ?? named.size + 1;
    named.set(pair, name);
    result[at] = name;
  }
  return result;
}

function firstRepeat(names: Int32Array, isPair: IsPair): [number, number] | undefined {
  const seen = new Map<number, number>();
  for (let at = 0; at < names.length; at++) {
    const name = names[at]!;
    if (name === 0) continue;
    const earlier = seen.get(name);
    if (earlier === undefined) seen.set(name, at);
    else if (isPair(earlier, at)) return [earlier, at];
  }
  return undefined;
}
