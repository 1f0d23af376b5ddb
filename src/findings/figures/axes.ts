import * as Plot from "@observablehq/plot";
import { colour } from "../palette.ts";
import { type EncodedFigure, tickFormat } from "./encoded.ts";

/** Margins for the y axis and its label above it. */
export const axisMargins = { marginTop: 36, marginLeft: 52 } as const;

/** Two numeric axes, with the label of y above the axis. */
export const axes = (data: EncodedFigure, width: number): Plot.Markish[] => [
  Plot.text([data.label("y")], {
    frameAnchor: "top-left",
    dx: 8 - axisMargins.marginLeft,
    dy: 10 - axisMargins.marginTop,
    textAnchor: "start",
    fill: colour("muted"),
    text: (text) => text,
  }),
  Plot.axisX({
    label: data.label("x"),
    labelAnchor: "center",
    labelArrow: "none",
    labelOffset: 38,
    tickSize: 4,
    ...ticksOf(data, width),
  }),
  Plot.axisY({ label: null, tickSize: 0, ticks: yTicks, tickFormat: tickFormat(data.format("y")) }),
];

/** Grid lines at the ticks of both axes. */
export const grid = (data: EncodedFigure, width: number): Plot.Markish[] => [
  Plot.gridX({ stroke: colour("rule"), strokeOpacity: 1, ticks: ticksOf(data, width).ticks }),
  gridRows(),
];

/** Horizontal grid lines at the ticks of the y axis. */
export const gridRows = (): Plot.Markish =>
  Plot.gridY({ stroke: colour("rule"), strokeOpacity: 1, ticks: yTicks });

/** Approximate number of ticks of the y axis. */
const yTicks = 6;

/** A legend of the groups in their colours at the top right. */
export const legend = (
  groups: readonly string[],
  mark: string,
  fill: (group: string) => string,
): Plot.Markish[] =>
  groups.map((name, at) =>
    Plot.text([name], {
      // Once for the whole drawing, not for each facet.
      facet: "super",
      frameAnchor: "top-right",
      dy: -legendLineHeight * (groups.length - at),
      textAnchor: "end",
      fill: fill(name),
      text: () => `${mark} ${name}`,
    }),
  );

/** Height of a line of the legend. */
export const legendLineHeight = 18;

/** One tick per value if there are few whole numbers, since values between them make no sense. */
function ticksOf(
  data: EncodedFigure,
  width: number,
): { ticks: number | number[]; tickFormat: (value: number) => string } {
  const values = [...new Set([...data.numbers("x"), ...data.marks("x").map(({ at }) => at)])];
  const few = values.length > 0 && values.length <= 8 && values.every(Number.isInteger);
  return { ticks: few ? values : width < 500 ? 4 : 6, tickFormat: tickFormat(data.format("x")) };
}
