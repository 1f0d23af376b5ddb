import * as Plot from "@observablehq/plot";
import { groupedBy } from "../../study/groups.ts";
import { colour } from "../palette.ts";
import { axes, axisRoom, grid, legend, legendLine } from "./axes.ts";
import { domainOf, Encoded } from "./encoded.ts";
import type { FigureKind } from "./figure-kind.ts";
import { groupColour } from "./intervals.ts";
import { withoutOverlaps } from "./names.ts";

const fills = ["warning", "machine", "bandInk", "all"] as const;

/** One dot a thing: `x`, `y`, `group` (human, machine) colours it, `label` names those that stand out. */
export const dots: FigureKind = {
  name: "dots",
  plot(figure, width) {
    const data = new Encoded(figure);
    const [x, y, label] = ["x", "y", "label"].map((role) => data.of(role));
    const scale = (axis: "x" | "y") => {
      const marks = data.marks(axis).map(({ at }) => at);
      return {
        domain: domainOf(
          [...data.numbers(axis), ...marks, ...(data.numbers(axis).length ? [] : [0, 1])],
          data.format(axis),
        ),
        label: null,
      };
    };
    const found = data.has("group") ? data.texts("group") : [];
    // Who wrote a story has a colour of its own throughout a report; other groups are coloured by their place.
    const writers = found.every((name) => name === "human" || name === "machine");
    const groups = writers ? found.sort() : found;
    const named = groups.length > 1;
    const fill = (name: string) =>
      writers ? groupColour(name) : colour(fills[groups.indexOf(name) % fills.length]!);
    const room = named ? legendLine * (width < 500 ? groups.length : 0) : 0;
    return {
      height: (width < 500 ? 300 : 380) + room,
      ...axisRoom,
      marginTop: axisRoom.marginTop + room,
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
            fill: (row) => fill(String(data.of("group")(row) ?? "")),
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

type Row = Encoded["rows"][number];

/** Dots that would lie on each other stand side by side around their place, rows of one distance together. */
function sideBySide(data: Encoded): { rows: Row[]; dx: number }[] {
  const places = groupedBy(data.rows, (row) => `${data.of("x")(row)} ${data.of("y")(row)}`);
  const shifted = new Map<number, Row[]>();
  for (const rows of places.values()) {
    for (const [at, row] of rows.entries()) {
      const dx = 2 * radius * (at - (rows.length - 1) / 2);
      shifted.set(dx, [...(shifted.get(dx) ?? []), row]);
    }
  }
  return [...shifted].map(([dx, rows]) => ({ rows, dx }));
}
