import type { PlotOptions } from "@observablehq/plot";
import type { Figure } from "../../study/finding.ts";

/** A kind of figure: one file here, one line in `figures.ts`. */
export interface FigureKind {
  /** Its name in `Figure.draw`. */
  readonly name: string;
  /** The plot at a width in pixels; each kind documents the roles of `encode` that it reads. */
  plot(figure: Figure, width: number): PlotOptions;
}
