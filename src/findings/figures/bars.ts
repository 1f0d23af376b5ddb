import * as Plot from "@observablehq/plot";
import { printed } from "../../study/print.ts";
import { colour } from "../palette.ts";
import { legend, legendLineHeight } from "./axes.ts";
import { EncodedFigure, wrapLabel } from "./encoded.ts";
import type { FigureKind } from "./figure-kind.ts";
import { groupColour } from "./intervals.ts";

/**
 * Bars: `y` names the bar, `x` is its length, `group` (human, machine) its colour. Bars with the same name are grouped, with
 * a legend.
 */
export const bars: FigureKind = {
  name: "bars",
  plot(figure, width) {
    const data = new EncodedFigure(figure);
    const [x, y, group] = ["x", "y", "group"].map((role) => data.accessor(role));
    const names = data.texts("y");
    const groups = data.has("group") ? data.texts("group") : [];
    const paired = names.length < data.rows.length;
    const maxLetters = width < 500 ? 14 : 28;
    // Labels of marks are on different levels, so that they do not overlap.
    const levels = data.marks("x").length;
    const top = (levels === 0 ? 6 : 18 + 14 * levels) + (paired ? 4 + legendLineHeight * groups.length : 0);
    const most = Math.max(0, ...data.numbers("x"), ...data.marks("x").map(({ at }) => at));
    const fill = (name: unknown) => (groups.length > 0 ? groupColour(name) : colour("muted"));
    const place = paired ? { fy: y!, y: group! } : { y: y! };
    const nameOf = (name: unknown) => wrapLabel(String(name), maxLetters);
    return {
      height: top + 10 + names.length * (paired ? 14 + 18 * groups.length : 30),
      marginTop: top,
      marginBottom: 10,
      marginLeft: 14 + 7 * Math.min(maxLetters, Math.max(0, ...names.map((name) => name.length))),
      marginRight: 70,
      x: { domain: [0, most || 1], axis: null },
      y: paired
        ? { domain: groups, axis: null, padding: 0.1 }
        : { domain: names, label: null, padding: 0.25 },
      ...(paired && { fy: { domain: names, label: null, padding: 0.25 } }),
      marks: [
        Plot.barX(data.rows, { ...place, x: x!, fill: (row) => fill(group!(row)), fillOpacity: 0.85 }),
        ...(paired
          ? [Plot.axisFy({ anchor: "left", tickFormat: nameOf }), ...legend(groups, "■", fill)]
          : [Plot.axisY({ tickSize: 0, tickFormat: nameOf })]),
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
          ...place,
          x: x!,
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
