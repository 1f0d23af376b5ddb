import type { PlotOptions } from "@observablehq/plot";
import type { Figure } from "../../study/finding.ts";

/** A way to draw: one file here, one line in `figures.ts`. */
export interface FigureKind {
  /** What `Figure.draw` calls it. */
  readonly name: string;
  /** What to plot at a width in pixels; the roles of `encode` that it reads stand in its own docstring. */
  plot(figure: Figure, width: number): PlotOptions;
}
