import type { PlotOptions } from "@observablehq/plot";
import type { Figure } from "../study/finding.ts";
import { bars } from "./figures/bars.ts";
import { curve } from "./figures/curve.ts";
import { dots } from "./figures/dots.ts";
import { heat } from "./figures/heat.ts";
import { histogram } from "./figures/histogram.ts";
import { intervals } from "./figures/intervals.ts";

/** A way to draw: one file in `figures/`, one line here. */
export interface FigureKind {
  /** What `Figure.draw` calls it. */
  readonly name: string;
  /** What to plot at a width in pixels; the roles of `encode` that it reads stand in its own docstring. */
  plot(figure: Figure, width: number): PlotOptions;
}

export const figureKinds: readonly FigureKind[] = [intervals, histogram, bars, dots, curve, heat];
