import * as Plot from "@observablehq/plot";
import type { FigureKind } from "../figures.ts";
import { colour } from "../palette.ts";
import { axes, axisRoom } from "./axes.ts";
import { domainOf, Encoded } from "./encoded.ts";
import { groupColour } from "./intervals.ts";

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
    return {
      height: width < 500 ? 300 : 380,
      ...axisRoom,
      marginRight: 16,
      x: scale("x"),
      y: scale("y"),
      marks: [
        Plot.gridX({ stroke: colour("rule"), strokeOpacity: 1 }),
        Plot.gridY({ stroke: colour("rule"), strokeOpacity: 1 }),
        ...data
          .marks("x")
          .map(({ at }) => Plot.ruleX([at], { stroke: colour("ink"), strokeDasharray: "3,3" })),
        ...data
          .marks("y")
          .map(({ at }) => Plot.ruleY([at], { stroke: colour("ink"), strokeDasharray: "3,3" })),
        Plot.dot(data.rows, {
          x: x!,
          y: y!,
          r: 4.5,
          fill: (row) => groupColour(data.of("group")(row)),
          fillOpacity: 0.8,
          stroke: colour("paper"),
        }),
        ...(data.has("label") && width >= 500
          ? [
              Plot.text(data.rows, {
                x: x!,
                y: y!,
                dx: 8,
                textAnchor: "start",
                fontSize: 12,
                fill: colour("muted"),
                text: label!,
              }),
            ]
          : []),
        ...axes(data, width),
      ],
    };
  },
};
