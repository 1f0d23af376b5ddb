import * as Plot from "@observablehq/plot";
import { colour } from "../palette.ts";
import { EncodedFigure } from "./encoded.ts";
import type { FigureKind } from "./figure-kind.ts";

type Row = EncodedFigure["rows"][number];

/**
 * A histogram: `x` the value, `y` the count, `expected` (optional) the count under guessing. With `to` a bar is a bin from
 * `x` to `to`; a last bin without `to` is open.
 */
export const histogram: FigureKind = {
  name: "histogram",
  plot(figure, width) {
    const data = new EncodedFigure(figure);
    const [y, expected] = ["y", "expected"].map((role) => data.accessor(role));
    const most = Math.max(1, ...data.numbers("y"), ...data.numbers("expected"));
    const { scale, axis, extent, middle } = data.has("to") ? binBars(data, width) : valueBars(data);
    return {
      height: width < 500 ? 230 : 280,
      marginTop: 40,
      marginLeft: 14,
      marginRight: 20,
      x: { ...scale, label: null },
      y: { domain: [0, most * 1.08], axis: null },
      marks: [
        (data.has("to") ? Plot.rectY : Plot.barY)(data.rows, {
          ...extent,
          y: y!,
          fill: colour("muted"),
          fillOpacity: 0.85,
        }),
        Plot.ruleY([0], { stroke: colour("ink") }),
        ...data.marks("x").flatMap(({ at, label }) => [
          Plot.ruleX([at], { stroke: colour("ink"), strokeDasharray: "3,3" }),
          Plot.text([at], {
            x: (value) => value,
            frameAnchor: "top",
            dy: -12,
            fill: colour("ink"),
            text: () => label,
          }),
        ]),
        ...(data.has("expected")
          ? [
              Plot.tickY(data.rows, { x: middle, y: expected!, stroke: colour("bandInk"), strokeWidth: 3 }),
              Plot.text([`▬ ${data.label("expected")}`], {
                frameAnchor: "top-right",
                dy: -30,
                textAnchor: "end",
                fill: colour("bandInk"),
                text: (text) => text,
              }),
            ]
          : []),
        Plot.text(data.rows, {
          x: middle,
          y: y!,
          dy: -9,
          fontWeight: 600,
          stroke: colour("paper"),
          strokeWidth: 4,
          fill: colour("ink"),
          text: (row) => (Number(y!(row)) > 0 ? String(y!(row)) : ""),
        }),
        Plot.text([data.label("y")], {
          frameAnchor: "top-left",
          dy: -30,
          textAnchor: "start",
          fill: colour("muted"),
          text: (text) => text,
        }),
        Plot.axisX({
          tickSize: 0,
          label: data.label("x"),
          labelAnchor: "center",
          labelArrow: "none",
          labelOffset: 38,
          ...axis,
        }),
      ],
    };
  },
};

/** The position of bars on the x axis. */
interface BarLayout {
  readonly scale: Plot.ScaleOptions;
  readonly axis: Plot.AxisXOptions;
  readonly extent: Plot.RectYOptions & Plot.BarYOptions;
  readonly middle: (row: Row) => number | string;
}

/** One bar per value, in the order of the table. */
function valueBars(data: EncodedFigure): BarLayout {
  const x = data.accessor("x") as (row: Row) => string;
  return {
    scale: { type: "band", padding: 0.14, domain: data.rows.map(x) },
    axis: {},
    extent: { x },
    middle: x,
  };
}

/** One bar per bin; an open bin is as wide as the first. */
function binBars(data: EncodedFigure, width: number): BarLayout {
  const [from, to] = [data.accessor("x"), data.accessor("to")];
  const binWidth = Number(to(data.rows[0] ?? {}) ?? 1) - Number(from(data.rows[0] ?? {}) ?? 0);
  const start = (row: Row) => Number(from(row));
  const end = (row: Row) => Number(to(row) ?? start(row) + binWidth);
  const edges = [...new Set(data.rows.flatMap((row) => [start(row), end(row)]))].sort((a, b) => a - b);
  const open = data.rows.some((row) => to(row) === null);
  const name = (edge: number) => (open && edge === edges.at(-1) ? "more" : String(edge));
  // A tick label takes about thirty pixels; ticks are thinned out so that labels do not touch.
  const step = Math.ceil((34 * edges.length) / width);
  const ticks = edges.filter((_, at) => (edges.length - 1 - at) % step === 0);
  return {
    scale: { type: "linear", domain: [edges[0] ?? 0, edges.at(-1) ?? 1] },
    axis: { ticks, tickFormat: name },
    extent: { x1: start, x2: end, insetLeft: 1, insetRight: 1 },
    middle: (row) => (start(row) + end(row)) / 2,
  };
}
