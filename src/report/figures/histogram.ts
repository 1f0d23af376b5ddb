import * as Plot from "@observablehq/plot";
import type { FigureKind } from "../figures.ts";
import { colour } from "../palette.ts";
import { Encoded } from "./encoded.ts";

/** How many had each value: `x` the value, `y` the count, `expected` (optional) what guessing alone would give. */
export const histogram: FigureKind = {
  name: "histogram",
  plot(figure, width) {
    const data = new Encoded(figure);
    const [x, y, expected] = ["x", "y", "expected"].map((role) => data.of(role));
    const most = Math.max(1, ...data.numbers("y"), ...data.numbers("expected"));
    return {
      height: width < 500 ? 230 : 280,
      marginTop: 40,
      marginLeft: 12,
      marginRight: 12,
      x: { type: "band", padding: 0.14, label: null },
      y: { domain: [0, most * 1.08], axis: null },
      marks: [
        Plot.barY(data.rows, { x: x!, y: y!, fill: colour("muted"), fillOpacity: 0.85 }),
        Plot.ruleY([0], { stroke: colour("ink") }),
        ...(data.has("expected")
          ? [
              Plot.tickY(data.rows, { x: x!, y: expected!, stroke: colour("bandInk"), strokeWidth: 3 }),
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
          x: x!,
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
        }),
      ],
    };
  },
};
