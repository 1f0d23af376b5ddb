import * as Plot from "@observablehq/plot";
import { groupedBy } from "../../study/groups.ts";
import { colour } from "../palette.ts";
import { axes, axisMargins, grid, legend, legendLineHeight } from "./axes.ts";
import { EncodedFigure, paddedRange } from "./encoded.ts";
import type { FigureKind } from "./figure-kind.ts";
import { groupColour } from "./intervals.ts";
import { withoutOverlaps } from "./label-overlaps.ts";

const fills = ["warning", "machine", "bandInk", "all"] as const;

/** A scatter plot: `x`, `y`, `group` (human, machine) the colour, `label` the name of some dots. */
export const dots: FigureKind = {
  name: "dots",
  plot(figure, width) {
    const data = new EncodedFigure(figure);
    const [x, y, label] = ["x", "y", "label"].map((role) => data.accessor(role));
    const scale = (axis: "x" | "y") => {
      const marks = data.marks(axis).map(({ at }) => at);
      return {
        domain: paddedRange(
          [...data.numbers(axis), ...marks, ...(data.numbers(axis).length ? [] : [0, 1])],
          data.format(axis),
        ),
        label: null,
      };
    };
    const found = data.has("group") ? data.texts("group") : [];
    // Origins have the same colours throughout a report; other groups are coloured by position.
    const byOrigin = found.every((name) => name === "human" || name === "machine");
    const groups = byOrigin ? found.sort() : found;
    const named = groups.length > 1;
    const fill = (name: string) =>
      byOrigin ? groupColour(name) : colour(fills[groups.indexOf(name) % fills.length]!);
    const legendHeight = named ? legendLineHeight * (width < 500 ? groups.length : 0) : 0;
    return {
      height: (width < 500 ? 300 : 380) + legendHeight,
      ...axisMargins,
      marginTop: axisMargins.marginTop + legendHeight,
      marginRight: 16,
      x: scale("x"),
      y: scale("y"),
      marks: [
        ...grid(data, width),
        ...data
          .marks("x")
          .map(({ at }) => Plot.ruleX([at], { stroke: colour("ink"), strokeDasharray: "3,3" })),
        ...data
          .marks("y")
          .map(({ at }) => Plot.ruleY([at], { stroke: colour("ink"), strokeDasharray: "3,3" })),
        ...sideBySide(data).map(({ rows, dx }) =>
          Plot.dot(rows, {
            x: x!,
            y: y!,
            dx,
            r: radius,
            fill: (row) => fill(String(data.accessor("group")(row) ?? "")),
            fillOpacity: 0.8,
            stroke: colour("paper"),
          }),
        ),
        ...(data.has("label") && width >= 500
          ? [
              Plot.text(
                data.rows,
                withoutOverlaps({
                  x: x!,
                  y: y!,
                  dx: 8,
                  textAnchor: "start",
                  fontSize: 12,
                  stroke: colour("paper"),
                  strokeWidth: 4,
                  fill: colour("muted"),
                  text: label!,
                }),
              ),
            ]
          : []),
        ...(named ? legend(groups, "●", fill) : []),
        ...axes(data, width),
      ],
    };
  },
};

const radius = 4.5;

type Row = EncodedFigure["rows"][number];

/** Moves identical points side by side. */
function sideBySide(data: EncodedFigure): { rows: Row[]; dx: number }[] {
  const places = groupedBy(data.rows, (row) => `${data.accessor("x")(row)} ${data.accessor("y")(row)}`);
  const shifted = new Map<number, Row[]>();
  for (const rows of places.values()) {
    for (const [at, row] of rows.entries()) {
      const dx = 2 * radius * (at - (rows.length - 1) / 2);
      shifted.set(dx, [...(shifted.get(dx) ?? []), row]);
    }
  }
  return [...shifted].map(([dx, rows]) => ({ rows, dx }));
}
