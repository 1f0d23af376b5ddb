import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { drawFigure, widths } from "../../src/findings/draw.ts";
import { wrapLabel } from "../../src/findings/figures/encoded.ts";
import { figureKinds } from "../../src/findings/figures.ts";
import { palette, withLightColours } from "../../src/findings/palette.ts";
import type { Figure } from "../../src/study/finding.ts";

const figures: Record<string, Figure> = {
  intervals: {
    draw: "intervals",
    table: {
      columns: [
        { key: "of", label: "Of", format: "text" },
        { key: "share", label: "Share", format: "percent" },
        { key: "low", label: "from", format: "percent" },
        { key: "high", label: "to", format: "percent" },
      ],
      rows: [
        { of: "All", share: 0.5, low: 0.4, high: 0.6 },
        { of: "Unknown", share: null, low: null, high: null },
      ],
    },
    encode: { x: "share", low: "low", high: "high", y: "of" },
    labels: { x: "Share" },
    marks: [{ axis: "x", at: 0.5, label: "guessing" }],
  },
  histogram: {
    draw: "histogram",
    table: {
      columns: [
        { key: "score", label: "Score", format: "integer" },
        { key: "count", label: "Responses", format: "integer" },
      ],
      rows: [
        { score: 0, count: 0 },
        { score: 1, count: 3 },
      ],
    },
    encode: { x: "score", y: "count" },
    labels: {},
  },
  bars: {
    draw: "bars",
    table: {
      columns: [
        { key: "name", label: "Name", format: "text" },
        { key: "value", label: "Value", format: "number" },
      ],
      rows: [
        { name: "one", value: 0 },
        { name: "two", value: 0 },
      ],
    },
    encode: { x: "value", y: "name" },
    labels: {},
  },
  heat: {
    draw: "heat",
    table: {
      columns: [
        { key: "row", label: "Row", format: "text" },
        { key: "column", label: "Column", format: "text" },
        { key: "value", label: "Value", format: "number" },
      ],
      rows: [
        { row: "a title that is longer than its room", column: "one", value: -0.2 },
        { row: "a title that is longer than its room", column: "two", value: null },
        { row: "b", column: "one", value: 0 },
        { row: "b", column: "two", value: 0.4 },
      ],
    },
    encode: { x: "column", y: "row", colour: "value" },
    labels: {},
  },
  dots: {
    draw: "dots",
    table: {
      columns: [
        { key: "x", label: "X", format: "number" },
        { key: "y", label: "Y", format: "percent" },
      ],
      rows: [{ x: 3, y: 0.5 }],
    },
    encode: { x: "x", y: "y" },
    labels: {},
  },
  curve: {
    draw: "curve",
    table: {
      columns: [
        { key: "x", label: "X", format: "number" },
        { key: "y", label: "Y", format: "number" },
      ],
      rows: [
        { x: 1, y: 1 },
        { x: 2, y: 3 },
      ],
    },
    encode: { x: "x", y: "y" },
    labels: {},
  },
};

describe("a figure", () => {
  test("of every kind has a case here", () => {
    expect(Object.keys(figures).sort()).toEqual(figureKinds.map(({ name }) => name).sort());
  });

  test.each(Object.entries(figures))(
    "%s is an image with a name, at both widths, without NaN",
    (_, figure) => {
      for (const width of Object.values(widths)) {
        const svg = drawFigure(figure, "What it shows", width);
        expect(svg).toMatch(/^<svg [^>]*aria-label="What it shows"/);
        expect(svg).toContain('role="img"');
        expect(svg).not.toMatch(/NaN|undefined|<style|class=/);
        expect(svg.match(/aria-label=/g)!.length).toBe(1);
      }
    },
  );

  test.each(Object.entries(figures))("%s without rows is an empty frame", (_, figure) => {
    const empty = { ...figure, table: { ...figure.table, rows: [] } };
    expect(drawFigure(empty, "Nothing", widths.page)).not.toMatch(/NaN|Infinity/);
  });

  test("a label is wrapped between words, and a long word after punctuation", () => {
    expect(wrapLabel("origin: written by a person", 16)).toBe("origin: written\nby a person");
    expect(wrapLabel("echo: one-shot+tone-melancholy+strength-0", 26)).toBe(
      "echo: one-shot+tone-\nmelancholy+strength-0",
    );
  });

  test("with light colours has no CSS variables", () => {
    expect(withLightColours(drawFigure(figures["intervals"]!, "x", widths.page))).not.toContain("var(");
  });

  test("a histogram's bins are in numeric order, with an axis of their edges", () => {
    const bins = [0, 5, 10, 15].map((from) => ({ from, to: from === 15 ? null : from + 5, count: from + 1 }));
    const columns = ["from", "to", "count"].map((key) => ({ key, label: key, format: "integer" as const }));
    const binned = drawFigure(
      {
        draw: "histogram",
        table: { columns, rows: bins },
        encode: { x: "from", to: "to", y: "count" },
        labels: {},
      },
      "x",
      widths.page,
    );
    expect(textsOf(binned).filter((text) => /^\d+$|more/.test(text))).toEqual([
      ...["1", "6", "11", "16"],
      ...["0", "5", "10", "15", "more"],
    ]);
    const place = (text: string) => Number(textsAt(binned).findLast((one) => one.text === text)!.x);
    expect(place("5")).toBeLessThan(place("10"));
    expect(place("15")).toBeLessThan(place("more"));
  });

  test.each([widths.page, widths.phone])(
    "dots and bars of two groups have a legend once, at %s pixels",
    (width) => {
      const rows = ["human", "machine"].flatMap((group) =>
        ["a", "b"].map((name) => ({ name, group, value: 1 })),
      );
      const columns = ["name", "group", "value"].map((key) => ({ key, label: key, format: "text" as const }));
      for (const encode of [
        { x: "value", y: "value", group: "group" },
        { x: "value", y: "name", group: "group" },
      ]) {
        const draw = encode.y === "name" ? "bars" : "dots";
        const texts = textsOf(drawFigure({ draw, table: { columns, rows }, encode, labels: {} }, "x", width));
        expect(texts.filter((text) => /human|machine/.test(text)).map((text) => text.slice(2))).toEqual([
          "human",
          "machine",
        ]);
      }
    },
  );

  test("identical points are side by side, and counts have ticks at whole numbers only", () => {
    const rows = [3, 3, 4, 5].map((x) => ({ x, y: 0.5 }));
    const svg = drawFigure(
      { ...figures["dots"]!, table: { ...figures["dots"]!.table, rows } },
      "x",
      widths.page,
    );
    const { document } = parseHTML(svg);
    const places = [...document.querySelectorAll("circle")].map((circle) => {
      const shift = circle.closest("g[transform]")?.getAttribute("transform") ?? "";
      return `${circle.getAttribute("cx")} ${shift}`;
    });
    expect(new Set(places).size).toBe(4);
    expect(textsOf(svg).filter((text) => /^[345]/.test(text) && !text.includes("%"))).toEqual([
      "3",
      "4",
      "5",
    ]);
  });

  test("of overlapping labels only the first is drawn", () => {
    const { columns } = figures["dots"]!.table;
    const rows = [
      { x: 3, y: 0.5, name: "A long name" },
      { x: 3.01, y: 0.501, name: "Another one" },
      { x: 3, y: 0.9, name: "Far above" },
      { x: 9, y: 0.5, name: "Far to the right" },
    ];
    const figure = {
      ...figures["dots"]!,
      table: { columns, rows },
      encode: { x: "x", y: "y", label: "name" },
    };
    const written = textsOf(drawFigure(figure, "x", widths.page));
    expect(rows.map(({ name }) => written.includes(name))).toEqual([true, false, true, true]);
  });

  test("of an unknown kind is a bug that names the file to fix", () => {
    expect(() => drawFigure({ ...figures["bars"]!, draw: "pie" }, "x", 300)).toThrow(/figures\.ts/);
  });
});

/** The words of a drawing with their positions, in drawing order. */
const textsAt = (svg: string) =>
  [...parseHTML(svg).document.querySelectorAll("text")].map((text) => ({
    text: text.textContent ?? "",
    x: /translate\(([\d.]+)/.exec(text.getAttribute("transform") ?? "")?.[1],
  }));
const textsOf = (svg: string) => textsAt(svg).map(({ text }) => text);

describe("the palette", () => {
  test.each(["light", "dark"] as const)("%s: text has a contrast of at least 4.5 to 1", (scheme) => {
    const colours = palette[scheme];
    const pairs: [keyof typeof colours, keyof typeof colours][] = [
      ["ink", "paper"],
      ["muted", "paper"],
      ["human", "paper"],
      ["machine", "paper"],
      ["warning", "paper"],
      ["ink", "warningWash"],
      ["warning", "warningWash"],
      ["ink", "wash"],
      ["muted", "wash"],
      ["bandInk", "paper"],
    ];
    for (const [text, paper] of pairs) {
      expect(contrast(colours[text], colours[paper]), `${text} on ${paper}`).toBeGreaterThanOrEqual(4.5);
    }
  });
});

/** Contrast of two colours by WCAG 2. */
function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((first, second) => second - first) as [
    number,
    number,
  ];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
