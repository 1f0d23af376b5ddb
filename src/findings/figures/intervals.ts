import * as Plot from "@observablehq/plot";
import { printed, wholePercent } from "../../study/print.ts";
import { colour } from "../palette.ts";
import { EncodedFigure, paddedRange, tickFormat, wrapLabel } from "./encoded.ts";
import type { FigureKind } from "./figure-kind.ts";

/**
 * Estimates with intervals, one per row: `y` names the row, `x` is the estimate, a thick line is from `low` to `high` and a
 * thin line from `outerLow` to `outerHigh`, `note` follows the value, `group` (human, machine, all) is the colour. Two marks
 * named `margin` make a band.
 */
export const intervals: FigureKind = {
  name: "intervals",
  plot(figure, width) {
    const data = new EncodedFigure(figure);
    const format = data.format("x");
    const marks = data.marks("x");
    const band = marks.filter(({ label }) => label === "margin").map(({ at }) => at);
    const lines = marks.filter(({ label }) => label !== "margin");
    const ends = ["low", "high", "outerLow", "outerHigh", "x"].flatMap((role) => data.numbers(role));
    // Shows a little more than the margin, so that its edges are visible.
    const beyond = ((band[1] ?? 0) - (band[0] ?? 0)) / 8;
    const edges = band.length === 2 ? [band[0]! - beyond, band[1]! + beyond] : [];
    const shown = [...ends, ...marks.map(({ at }) => at), ...edges];
    const domain = paddedRange(shown, format);
    const narrow = width < 500;
    const [y, x, low, high, note] = ["y", "x", "low", "high", "note"].map((role) => data.accessor(role));
    const group = (row: (typeof data.rows)[number]) => groupColour(data.accessor("group")(row));
    const rows = data.texts("y");
    const [from, to] = (data.has("outerLow") ? ["outerLow", "outerHigh"] : ["low", "high"]).map((role) =>
      data.accessor(role),
    );
    // An end of an interval is compared with all marks, an estimate with guessing only.
    const shownValue = (number: unknown, references: readonly { readonly at: number }[]) =>
      figure.rounded
        ? wholePercent(
            Number(number),
            references.map(({ at }) => at),
          )
        : printed(number as number, format);
    // As a statistician writes it: 62.5 % [58.3, 66.7].
    const bracket = (row: (typeof data.rows)[number]) =>
      typeof from!(row) === "number"
        ? ` [${[from, to].map((end) => shownValue(end!(row), marks).replace(/ %$/, "")).join(", ")}]`
        : "";
    const value = (row: (typeof data.rows)[number]) =>
      [`${shownValue(x!(row), lines)}${bracket(row)}`, note!(row)].filter(Boolean).join("  ·  ");
    const labelWidth = Math.max(140, 20 + 7 * Math.max(0, ...data.rows.map((row) => value(row).length)));

    return {
      height:
        (band.length === 2 ? 92 : 74) +
        rows.length * (narrow ? (rows.length > 4 ? 52 : 60) : rows.length > 5 ? 34 : 42),
      marginTop: band.length === 2 ? 46 : 28,
      marginLeft: narrow ? 8 : 14 + 7.9 * Math.min(30, Math.max(0, ...rows.map((row) => row.length))),
      marginRight: narrow ? 8 : labelWidth,
      x: { domain, label: null },
      y: { domain: rows, label: null, axis: null, padding: 0.5 },
      marks: [
        ...(band.length === 2
          ? [
              Plot.rectX([0], {
                x1: Math.max(domain[0], band[0]!),
                x2: Math.min(domain[1], band[1]!),
                fill: colour("band"),
              }),
              Plot.text([(Math.max(domain[0], band[0]!) + Math.min(domain[1], band[1]!)) / 2], {
                x: (at) => at,
                frameAnchor: "top",
                dy: -30,
                text: () => "within the margin",
                fill: colour("bandInk"),
              }),
            ]
          : []),
        Plot.axisX({
          tickFormat: tickFormat(format),
          ticks: narrow ? 4 : 6,
          tickSize: 4,
          label: data.label("x"),
          labelAnchor: "center",
          labelArrow: "none",
          labelOffset: 38,
        }),
        ...lines.flatMap(({ at, label }) => [
          Plot.ruleX([at], { stroke: colour("ink"), strokeDasharray: "3,3", strokeOpacity: 0.7 }),
          Plot.text([at], {
            x: (value) => value,
            frameAnchor: "top",
            dy: -12,
            text: () => label,
            fill: colour("ink"),
          }),
        ]),
        ...(data.has("outerLow")
          ? [
              Plot.link(data.rows, {
                x1: data.accessor("outerLow"),
                x2: data.accessor("outerHigh"),
                y1: y!,
                y2: y!,
                stroke: group,
                strokeWidth: 1.25,
              }),
            ]
          : []),
        Plot.link(data.rows, {
          x1: low!,
          x2: high!,
          y1: y!,
          y2: y!,
          stroke: group,
          strokeWidth: 3,
          strokeLinecap: "round",
        }),
        Plot.dot(data.rows, { x: x!, y: y!, r: 6, fill: group, stroke: colour("paper"), strokeWidth: 1.5 }),
        // Labels are at the sides of a wide frame, and above the line in a narrow one.
        ...(narrow
          ? [
              Plot.text(data.rows, {
                y: y!,
                x: domain[0],
                dy: -18,
                textAnchor: "start",
                fontWeight: 600,
                text: y!,
              }),
              Plot.text(data.rows, {
                y: y!,
                x: domain[1],
                dy: -18,
                textAnchor: "end",
                fill: colour("muted"),
                text: value,
              }),
            ]
          : [
              Plot.text(data.rows, {
                y: y!,
                frameAnchor: "left",
                dx: -10,
                textAnchor: "end",
                fontWeight: 600,
                text: (row) => wrapLabel(String(y!(row)), 30),
              }),
              Plot.text(data.rows, {
                y: y!,
                frameAnchor: "right",
                dx: labelWidth - 8,
                textAnchor: "end",
                fill: colour("muted"),
                text: value,
              }),
            ]),
      ],
    };
  },
};

/** The colour of an origin, the same throughout the report. */
export function groupColour(group: unknown): string {
  if (group === "human") return colour("human");
  if (group === "machine") return colour("machine");
  return colour("all");
}
