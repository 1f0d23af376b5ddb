import * as Plot from "@observablehq/plot";
import { colour } from "../palette.ts";
import { Encoded } from "./encoded.ts";
import type { FigureKind } from "./figure-kind.ts";

type Row = Encoded["rows"][number];

/**
 * How many had each value: `x` the value, `y` the count, `expected` (optional) what guessing alone would give. With
 * `to` a bar is a bin and stands between two numbers of the axis, `x` and `to`; a last bin without `to` is open.
 */
export const histogram: FigureKind = {
  name: "histogram",
  plot(figure, width) {
    const data = new Encoded(figure);
    const [y, expected] = ["y", "expected"].map((role) => data.of(role));
    const most = Math.max(1, ...data.numbers("y"), ...data.numbers("expected"));
    const { scale, axis, across, middle } = data.has("to") ? bins(data, width) : values(data);
    return {
      height: width < 500 ? 230 : 280,
      marginTop: 40,
      marginLeft: 14,
      marginRight: 20,
      x: { ...scale, label: null },
      y: { domain: [0, most * 1.08], axis: null },
      marks: [
        (data.has("to") ? Plot.rectY : Plot.barY)(data.rows, {
          ...across,
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

/** How bars stand on the x axis. */
interface Standing {
  readonly scale: Plot.ScaleOptions;
  readonly axis: Plot.AxisXOptions;
  readonly across: Plot.RectYOptions & Plot.BarYOptions;
  readonly middle: (row: Row) => number | string;
}

/** A bar a value, in the order of the table. */
function values(data: Encoded): Standing {
  const x = data.of("x") as (row: Row) => string;
  return {
    scale: { type: "band", padding: 0.14, domain: data.rows.map(x) },
    axis: {},
    across: { x },
    middle: x,
  };
}

/** A bar a bin, between the numbers at its two sides; an open one is as wide as the first. */
function bins(data: Encoded, width: number): Standing {
  const [from, to] = [data.of("x"), data.of("to")];
  const wide = Number(to(data.rows[0] ?? {}) ?? 1) - Number(from(data.rows[0] ?? {}) ?? 0);
  const start = (row: Row) => Number(from(row));
  const end = (row: Row) => Number(to(row) ?? start(row) + wide);
  const edges = [...new Set(data.rows.flatMap((row) => [start(row), end(row)]))].sort((a, b) => a - b);
  const open = data.rows.some((row) => to(row) === null);
  const name = (edge: number) => (open && edge === edges.at(-1) ? "more" : String(edge));
  // A name takes some thirty pixels; where they would touch, every second one is left out.
  const step = Math.ceil((34 * edges.length) / width);
  const ticks = edges.filter((_, at) => (edges.length - 1 - at) % step === 0);
  return {
    scale: { type: "linear", domain: [edges[0] ?? 0, edges.at(-1) ?? 1] },
    axis: { ticks, tickFormat: name },
    across: { x1: start, x2: end, insetLeft: 1, insetRight: 1 },
    middle: (row) => (start(row) + end(row)) / 2,
  };
}
