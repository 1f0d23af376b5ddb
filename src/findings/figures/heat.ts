import * as Plot from "@observablehq/plot";
import { printed } from "../../study/print.ts";
import { colour } from "../palette.ts";
import { EncodedFigure } from "./encoded.ts";
import type { FigureKind } from "./figure-kind.ts";

/**
 * A heat map: `x` names the column, `y` the row, `colour` is the number. Positive and negative numbers have two colours, with
 * an intensity by size.
 */
export const heat: FigureKind = {
  name: "heat",
  plot(figure, width) {
    const data = new EncodedFigure(figure);
    const [x, y, value] = ["x", "y", "colour"].map((role) => data.accessor(role));
    const [columns, rows] = [data.texts("x"), data.texts("y")];
    const narrow = width < 500;
    const maxLetters = narrow ? 16 : 26;
    const most = Math.max(1e-9, ...data.numbers("colour").map(Math.abs));
    const number = (row: (typeof data.rows)[number]) => Number(value!(row) ?? 0);
    const longest = (names: readonly string[]) =>
      Math.max(0, ...names.map((name) => Math.min(maxLetters, name.length)));
    const marginLeft = 14 + 7 * longest(rows);
    const cell = (width - marginLeft - 12) / columns.length;
    const height = Math.max(22, Math.min(34, cell * 0.62));
    // Column names are vertical, since titles are longer than cells are wide.
    const marginTop = 44 + 6.5 * longest(columns);
    return {
      height: marginTop + 14 + rows.length * height,
      marginTop,
      marginBottom: 14,
      marginLeft,
      marginRight: 12,
      x: { domain: columns, type: "band", padding: 0.04, label: null },
      y: { domain: rows, type: "band", padding: 0.04, label: null },
      marks: [
        Plot.cell(data.rows, { x: x!, y: y!, fill: colour("wash") }),
        Plot.cell(data.rows, {
          x: x!,
          y: y!,
          fill: (row) => colour(number(row) >= 0 ? "machine" : "warning"),
          fillOpacity: (row) => 0.9 * (Math.abs(number(row)) / most),
        }),
        ...(cell >= 36
          ? [
              Plot.text(data.rows, {
                x: x!,
                y: y!,
                fontSize: 11,
                fill: (row) => colour(Math.abs(number(row)) / most > 0.65 ? "paper" : "ink"),
                text: (row) => printed(number(row), data.format("colour")),
              }),
            ]
          : []),
        Plot.axisY({
          tickSize: 0,
          tickFormat: (name) => shortened(String(name), maxLetters),
        }),
        Plot.axisX({
          anchor: "top",
          tickSize: 0,
          tickRotate: -90,
          tickFormat: (name) => shortened(String(name), maxLetters),
        }),
        Plot.text([data.label("x")], {
          frameAnchor: "top-left",
          dx: -marginLeft + 4,
          dy: 12 - marginTop,
          textAnchor: "start",
          fill: colour("muted"),
          text: (text) => `${text} →   ${data.label("y")} ↓`,
        }),
      ],
    };
  },
};

const shortened = (text: string, maxLetters: number): string =>
  text.length <= maxLetters ? text : `${text.slice(0, maxLetters - 1).trimEnd()}…`;
