import { createHash } from "node:crypto";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/** A stream of random numbers. Every function that draws takes one as a required argument. */
export interface Random {
  /** Uniform in [0, 1), 53 bits. */
  next(): number;
  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number;
  /** Standard normal. */
  normal(): number;
  /** One item, all equally likely. Throws RangeError on an empty list. */
  pick<T>(items: readonly T[]): T;
  /** A new list in random order (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[];
  /** An independent stream named by `labels`: the same labels give the same stream, whatever was drawn before. */
  fork(...labels: (string | number)[]): Random;
}

/**
 * The stream of a seed and a path of labels, `randomFrom(2022, "forms", 3)`. Streams have names, so that a new draw in one
 * stage changes nothing in another.
 * The generator is xoroshiro128+ (Blackman and Vigna 2018), seeded by SHA-256 of the path.
 */
export function randomFrom(seed: string | number, ...labels: (string | number)[]): Random {
  const path = [seed, ...labels].map(String);
  const digest = createHash("sha256").update(JSON.stringify(path)).digest();
  // The whole 128-bit state comes from the digest: a 32-bit seed would make two of 65,000 streams collide.
  const generator = xoroshiro128plusFromState([0, 4, 8, 12].map((at) => digest.readInt32LE(at)));
  return streamOf(generator, path);
}

type Generator = ReturnType<typeof xoroshiro128plusFromState>;

function streamOf(generator: Generator, path: readonly string[]): Random {
  const next = () => uniformFloat64(generator);
  const integer = (low: number, high: number) => uniformInt(generator, low, high);
  return {
    next,
    integer,
    normal() {
      // Box-Muller; 1 - u is never 0, so the logarithm is finite.
      return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    },
    pick(items) {
      if (items.length === 0) throw new RangeError("cannot pick from an empty list");
      return items[integer(0, items.length - 1)]!;
    },
    shuffle(items) {
      const shuffled = [...items];
      for (let last = shuffled.length - 1; last > 0; last--) {
        const other = integer(0, last);
        [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
      }
      return shuffled;
    },
    fork: (...labels) => randomFrom(path[0]!, ...path.slice(1), ...labels),
  };
}
