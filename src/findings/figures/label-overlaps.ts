import * as Plot from "@observablehq/plot";

/** Approximate letter width and line height at 12 pixels. */
const letterWidth = 6.5;
const lineHeight = 14;

/**
 * Leaves out names that would overlap an earlier one; the table below the figure has all names.
 */
export const withoutOverlaps = (options: Plot.TextOptions): Plot.TextOptions =>
  Plot.initializer(options, (_, facets, channels, scales) => {
    const at = (name: "x" | "y", index: number): number =>
      Number((scales[name] as unknown as (value: unknown) => number)(valuesOf(channels, name)[index]));
    const names = valuesOf(channels, "text");
    const isClear = (one: number, other: number): boolean =>
      Math.abs(at("y", one) - at("y", other)) >= lineHeight ||
      at("x", one) + letterWidth * String(names[one]).length < at("x", other) ||
      at("x", other) + letterWidth * String(names[other]).length < at("x", one);
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
