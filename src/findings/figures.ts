import { bars } from "./figures/bars.ts";
import { curve } from "./figures/curve.ts";
import { dots } from "./figures/dots.ts";
import type { FigureKind } from "./figures/figure-kind.ts";
import { heat } from "./figures/heat.ts";
import { histogram } from "./figures/histogram.ts";
import { intervals } from "./figures/intervals.ts";

export const figureKinds: readonly FigureKind[] = [intervals, histogram, bars, dots, curve, heat];
