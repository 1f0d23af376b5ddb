import * as Plot from "@observablehq/plot";

/** About how wide a letter and how high a line is at 12 pixels. */
const letter = 6.5;
const line = 14;

/**
 * Names beside their places, but for one that would lie on a name written before it: two that lie on each other tell
 * neither, and the table under a figure has them all.
 */
export const withoutOverlaps = (options: Plot.TextOptions): Plot.TextOptions =>
  Plot.initializer(options, (_, facets, channels, scales) => {
    const at = (name: "x" | "y", index: number): number =>
      Number((scales[name] as unknown as (value: unknown) => number)(valuesOf(channels, name)[index]));
    const names = valuesOf(channels, "text");
    const isClear = (one: number, other: number): boolean =>
      Math.abs(at("y", one) - at("y", other)) >= line ||
      at("x", one) + letter * String(names[one]).length < at("x", other) ||
      at("x", other) + letter * String(names[other]).length < at("x", one);
    return {
      facets: facets.map((indices) => {
        const written: number[] = [];
        for (const index of indices)
          if (names[index] && written.every((other) => isClear(index, other))) written.push(index);
        return written;
      }),
    };
  });

const valuesOf = (channels: Plot.Channels, name: string): ArrayLike<unknown> =>
  (channels[name] as { readonly value: ArrayLike<unknown> }).value;
