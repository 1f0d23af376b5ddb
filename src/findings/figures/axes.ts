import * as Plot from "@observablehq/plot";
import { colour } from "../palette.ts";
import { type Encoded, tickFormat } from "./encoded.ts";

/** Room for the y axis and its name, which lies above it, to the left of the first tick's place. */
export const axisRoom = { marginTop: 36, marginLeft: 52 } as const;

/** The two axes of a drawing with numbers on both: the name of y above it, to be read without turning the head. */
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

/** Lines both ways where the axes have their ticks. */
export const grid = (data: Encoded, width: number): Plot.Markish[] => [
  Plot.gridX({ stroke: colour("rule"), strokeOpacity: 1, ticks: ticksOf(data, width).ticks }),
  gridRows(),
];

/** Lines across where the y axis has its ticks. */
export const gridRows = (): Plot.Markish =>
  Plot.gridY({ stroke: colour("rule"), strokeOpacity: 1, ticks: rows });

/** Ticks of the y axis, about. */
const rows = 6;

/** The names of groups in their colours, one above the other at the top right. */
export const legend = (
  groups: readonly string[],
  mark: string,
  fill: (group: string) => string,
): Plot.Markish[] =>
  groups.map((name, at) =>
    Plot.text([name], {
      // Once for the whole drawing, not in each of its parts.
      facet: "super",
      frameAnchor: "top-right",
      dy: -legendLine * (groups.length - at),
      textAnchor: "end",
      fill: fill(name),
      text: () => `${mark} ${name}`,
    }),
  );

/** How much higher a drawing's top has to be for each name of its legend. */
export const legendLine = 18;

/** Whole numbers have a tick each where there are few: a level of 0.5 was asked of nobody, no title has 3.5 words. */
function ticksOf(
  data: Encoded,
  width: number,
): { ticks: number | number[]; tickFormat: (value: number) => string } {
  const values = [...new Set([...data.numbers("x"), ...data.marks("x").map(({ at }) => at)])];
  const few = values.length > 0 && values.length <= 8 && values.every(Number.isInteger);
  return { ticks: few ? values : width < 500 ? 4 : 6, tickFormat: tickFormat(data.format("x")) };
}
