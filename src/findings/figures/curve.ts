import * as Plot from "@observablehq/plot";
import { colour } from "../palette.ts";
import { axes, axisMargins, gridRows, legend, legendLineHeight } from "./axes.ts";
import { EncodedFigure, paddedRange } from "./encoded.ts";
import type { FigureKind } from "./figure-kind.ts";

const lineColours = ["machine", "warning", "all", "bandInk", "human"] as const;

/** Lines: `x` and `y`, `group` the line (named at its end), `low` and `high` (optional) its interval. */
export const curve: FigureKind = {
  name: "curve",
  plot(figure, width) {
    const data = new EncodedFigure(figure);
    const [x, y, low, high] = ["x", "y", "low", "high"].map((role) => data.accessor(role));
    const groups = data.texts("group");
    const group = (row: (typeof data.rows)[number]) => String(data.accessor("group")(row) ?? "");
    const stroke = (row: (typeof data.rows)[number]) =>
      colour(lineColours[groups.indexOf(group(row)) % lineColours.length]!);
    const values = ["y", "low", "high"].flatMap((role) => data.numbers(role));
    const named = groups.length > 1;
    const narrow = width < 500;
    const height = narrow ? 280 : 340;
    const legendHeight = named && narrow ? legendLineHeight * groups.length : 0;
    const domain = paddedRange([...values, ...data.marks("y").map(({ at }) => at)], data.format("y"));
    const few = data.texts("x").length <= maxDots;
    // Intervals of several lines are side by side, since bands would overlap.
    const line = (name: string, at: number): Plot.Markish[] => {
      const rows = data.rows.filter((row) => group(row) === name);
      const dx = few && named ? 9 * (at - (groups.length - 1) / 2) : 0;
      const interval =
        few && named
          ? Plot.ruleX(rows, { x: x!, y1: low!, y2: high!, stroke, strokeWidth: 1.5, strokeOpacity: 0.7, dx })
          : Plot.areaY(rows, { x: x!, y1: low!, y2: high!, fill: stroke, fillOpacity: 0.15 });
      return [
        ...(data.has("low") ? [interval] : []),
        Plot.lineY(rows, {
          x: x!,
          y: y!,
          stroke,
          strokeWidth: 2.5,
          curve: few ? "linear" : "monotone-x",
          dx,
        }),
        ...(few ? [Plot.dot(rows, { x: x!, y: y!, r: 3.5, fill: stroke, dx })] : []),
      ];
    };
    return {
      height: height + legendHeight,
      ...axisMargins,
      marginTop: axisMargins.marginTop + legendHeight,
      marginRight: named && !narrow ? 20 + 7 * Math.max(...groups.map((name) => name.length)) : 20,
      x: {
        domain: paddedRange([...data.numbers("x"), ...data.marks("x").map(({ at }) => at)], data.format("x")),
        label: null,
      },
      y: { domain, label: null },
      marks: [
        gridRows(),
        ...data.marks("y").flatMap(({ at, label }) => [
          Plot.ruleY([at], { stroke: colour("ink"), strokeDasharray: "3,3" }),
          Plot.text([at], {
            y: (value) => value,
            frameAnchor: "left",
            dx: 4,
            dy: -9,
            textAnchor: "start",
            fontSize: 12,
            text: () => label,
          }),
        ]),
        ...data
          .marks("x")
          .flatMap(({ at, label }) => [
            Plot.ruleX([at], { stroke: colour("ink"), strokeDasharray: "3,3" }),
            Plot.text([at], { x: (value) => value, frameAnchor: "top", dy: -12, text: () => label }),
          ]),
        ...groups.flatMap((name, at) => line(name, at)),
        ...(named && !narrow
          ? withoutOverlaps(lastRows(data), y!, domain, height - axisMargins.marginTop - 42).map(
              ({ row, dy }) =>
                Plot.text([row], {
                  x: x!,
                  y: y!,
                  dx: few ? 18 : 8,
                  dy,
                  textAnchor: "start",
                  fill: stroke,
                  text: group,
                }),
            )
          : []),
        ...(named && narrow
          ? legend(groups, "▬", (name) => colour(lineColours[groups.indexOf(name) % lineColours.length]!))
          : []),
        ...axes(data, width),
      ],
    };
  },
};

/** Lines with at most this many points show each point. */
const maxDots = 8;

type Row = EncodedFigure["rows"][number];

/** The last row of every line. */
function lastRows(data: EncodedFigure): Row[] {
  const x = data.accessor("x");
  const group = data.accessor("group");
  return data
    .texts("group")
    .map((name) =>
      data.rows
        .filter((row) => String(group(row) ?? "") === name)
        .reduce((last, row) => (Number(x(row)) >= Number(x(last)) ? row : last)),
    );
}

const lineHeight = 16;

/** How far to move each name down from its line's end, so that names do not overlap. */
function withoutOverlaps(
  ends: readonly Row[],
  y: (row: Row) => unknown,
  [low, high]: [number, number],
  height: number,
) {
  const placed = ends
    .map((row) => ({ row, at: (height * (high - Number(y(row)))) / (high - low) }))
    .sort((one, other) => one.at - other.at);
  let free = -Infinity;
  return placed.map(({ row, at }) => {
    const place = Math.max(at, free);
    free = place + lineHeight;
    return { row, dy: place - at };
  });
}
