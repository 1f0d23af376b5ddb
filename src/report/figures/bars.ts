import * as Plot from "@observablehq/plot";
import { printed } from "../../study/print.ts";
import type { FigureKind } from "../figures.ts";
import { colour } from "../palette.ts";
import { Encoded, inLines } from "./encoded.ts";
import { groupColour } from "./intervals.ts";

/** Lengths side by side: `y` names the bar, `x` is its length, `group` (human, machine) colours it. */
export const bars: FigureKind = {
  name: "bars",
  plot(figure, width) {
    const data = new Encoded(figure);
    const [x, y] = ["x", "y"].map((role) => data.of(role));
    const names = data.texts("y");
    const letters = width < 500 ? 14 : 28;
    // Labels of marks that stand near each other go on levels of their own.
    const levels = data.marks("x").length;
    const top = levels === 0 ? 6 : 18 + 14 * levels;
    const most = Math.max(0, ...data.numbers("x"), ...data.marks("x").map(({ at }) => at));
    return {
      height: top + 10 + names.length * 30,
      marginTop: top,
      marginBottom: 10,
      marginLeft: 14 + 7 * Math.min(letters, Math.max(0, ...names.map((name) => name.length))),
      marginRight: 70,
      x: { domain: [0, most || 1], axis: null },
      y: { domain: names, label: null, padding: 0.25 },
      marks: [
        Plot.barX(data.rows, {
          x: x!,
          y: y!,
          fill: (row) => (data.has("group") ? groupColour(data.of("group")(row)) : colour("muted")),
          fillOpacity: 0.85,
        }),
        Plot.axisY({ tickSize: 0, tickFormat: (name) => inLines(String(name), letters) }),
        ...data.marks("x").flatMap(({ at, label }, level) => [
          Plot.ruleX([at], { stroke: colour("ink"), strokeDasharray: "3,3" }),
          Plot.text([at], {
            x: (value) => value,
            frameAnchor: "top",
            dy: -12 - 14 * level,
            text: () => label,
          }),
        ]),
        Plot.text(data.rows, {
          x: x!,
          y: y!,
          dx: 6,
          textAnchor: "start",
          stroke: colour("paper"),
          strokeWidth: 4,
          fill: colour("ink"),
          text: (row) => printed(x!(row), data.format("x")),
        }),
      ],
    };
  },
};
