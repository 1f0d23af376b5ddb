import * as Plot from "@observablehq/plot";
import { colour } from "../palette.ts";
import { type Encoded, tickFormat } from "./encoded.ts";

/** Margins for the y axis and its label above it. */
export const axisRoom = { marginTop: 36, marginLeft: 52 } as const;

/** Two numeric axes, with the label of y above the axis. */
export const axes = (data: Encoded, width: number): Plot.Markish[] => [
  Plot.text([data.label("y")], {
    frameAnchor: "top-left",
    dx: 8 - axisRoom.marginLeft,
    dy: 10 - axisRoom.marginTop,
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
  Plot.axisY({ label: null, tickSize: 0, ticks: rows, tickFormat: tickFormat(data.format("y")) }),
];

/** Grid lines at the ticks of both axes. */
export const grid = (data: Encoded, width: number): Plot.Markish[] => [
  Plot.gridX({ stroke: colour("rule"), strokeOpacity: 1, ticks: ticksOf(data, width).ticks }),
  gridRows(),
];

/** Horizontal grid lines at the ticks of the y axis. */
export const gridRows = (): Plot.Markish =>
  Plot.gridY({ stroke: colour("rule"), strokeOpacity: 1, ticks: rows });

/** Approximate number of ticks of the y axis. */
const rows = 6;

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
      dy: -legendLine * (groups.length - at),
      textAnchor: "end",
      fill: fill(name),
      text: () => `${mark} ${name}`,
    }),
  );

/** Height of a line of the legend. */
export const legendLine = 18;

/** One tick per value if there are few whole numbers, since values between them make no sense. */
function ticksOf(
  data: Encoded,
  width: number,
): { ticks: number | number[]; tickFormat: (value: number) => string } {
  const values = [...new Set([...data.numbers("x"), ...data.marks("x").map(({ at }) => at)])];
  const few = values.length > 0 && values.length <= 8 && values.every(Number.isInteger);
  return { ticks: few ? values : width < 500 ? 4 : 6, tickFormat: tickFormat(data.format("x")) };
}
