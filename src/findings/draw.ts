import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Figure } from "../study/finding.ts";
import { figureKinds } from "./figures.ts";
import { colour } from "./palette.ts";

/** Widths in pixels that a figure is drawn for: a page, and a phone. */
export const widths = { page: 660, phone: 340 } as const;

/** A figure as SVG that scales with its frame; `label` is for screen readers. */
export function drawFigure(figure: Figure, label: string, width: number): string {
  const kind = figureKinds.find(({ name }) => name === figure.draw);
  if (!kind) throw new Error(`no figure kind ${figure.draw}: add it to src/findings/figures.ts`);
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const svg = Plot.plot({
    width,
    marginTop: 28,
    marginBottom: 42,
    style: {
      background: "none",
      color: colour("ink"),
      fontFamily: "var(--sans, 'Liberation Sans', Arial, sans-serif)",
      fontSize: "13.5px",
      overflow: "visible",
    },
    ...kind.plot(figure, width),
    // linkedom's document has everything that Plot needs.
    document: document as unknown as Document,
  });
  return cleanSvg(svg as unknown as SVGElement, label);
}

/** One root element with a name and a view box, without Plot's own style sheet. */
function cleanSvg(svg: SVGElement, label: string): string {
  svg.querySelector("style")?.remove();
  svg.removeAttribute("class");
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  for (const element of [...svg.querySelectorAll("[class]")]) element.removeAttribute("class");
  // Only the whole drawing is an image for screen readers; its numbers are in the table.
  for (const element of [...svg.querySelectorAll("[aria-label], [aria-description]")]) {
    element.removeAttribute("aria-label");
    element.removeAttribute("aria-description");
  }
  return svg.outerHTML;
}
