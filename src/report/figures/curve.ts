import * as Plot from "@observablehq/plot";
import type { FigureKind } from "../figures.ts";
import { colour } from "../palette.ts";
import { axes, axisRoom } from "./axes.ts";
import { domainOf, Encoded } from "./encoded.ts";

const strokes = ["machine", "warning", "all", "bandInk", "human"] as const;

/** Lines over `x`: `y` their height, `group` the line, named at its end, `low` and `high` (optional) a band around it. */
export const curve: FigureKind = {
  name: "curve",
  plot(figure, width) {
    const data = new Encoded(figure);
    const [x, y, low, high] = ["x", "y", "low", "high"].map((role) => data.of(role));
    const groups = data.texts("group");
    const group = (row: (typeof data.rows)[number]) => String(data.of("group")(row) ?? "");
    const stroke = (row: (typeof data.rows)[number]) =>
      colour(strokes[groups.indexOf(group(row)) % strokes.length]!);
    const values = ["y", "low", "high"].flatMap((role) => data.numbers(role));
    const named = groups.length > 1;
    const narrow = width < 500;
    return {
      height: narrow ? 280 : 340,
      ...axisRoom,
      ...(named && narrow && { marginTop: axisRoom.marginTop + 18 * groups.length }),
      marginRight: named && !narrow ? 20 + 7 * Math.max(...groups.map((name) => name.length)) : 20,
      x: {
        domain: domainOf([...data.numbers("x"), ...data.marks("x").map(({ at }) => at)], data.format("x")),
        label: null,
      },
      y: {
        domain: domainOf([...values, ...data.marks("y").map(({ at }) => at)], data.format("y")),
        label: null,
      },
      marks: [
        Plot.gridY({ stroke: colour("rule"), strokeOpacity: 1 }),
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
        ...(data.has("low")
          ? [Plot.areaY(data.rows, { x: x!, y1: low!, y2: high!, z: group, fill: stroke, fillOpacity: 0.15 })]
          : []),
        Plot.lineY(data.rows, { x: x!, y: y!, z: group, stroke, strokeWidth: 2.5, curve: "monotone-x" }),
        ...(named && !narrow
          ? [
              Plot.text(
                data.rows,
                Plot.selectLast({
                  x: x!,
                  y: y!,
                  z: group,
                  dx: 8,
                  textAnchor: "start",
                  fill: stroke,
                  text: group,
                }),
              ),
            ]
          : []),
        ...(named && narrow
          ? groups.map((name, at) =>
              Plot.text([name], {
                frameAnchor: "top-right",
                dy: -18 * (groups.length - at),
                textAnchor: "end",
                fill: colour(strokes[at % strokes.length]!),
                text: (text) => `▬ ${text}`,
              }),
            )
          : []),
        ...axes(data, width),
      ],
    };
  },
};
