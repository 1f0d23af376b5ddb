import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Figure } from "../study/finding.ts";
import { figureKinds } from "./figures.ts";
import { colour } from "./palette.ts";

/** Widths in pixels that a figure is drawn for: a page, and a phone. */
export const widths = { page: 696, phone: 340 } as const;

/** A figure as SVG text that scales with its frame; `label` is what a screen reader says. */
export function drawn(figure: Figure, label: string, width: number): string {
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
      fontSize: "13px",
      overflow: "visible",
    },
    ...kind.plot(figure, width),
    // linkedom's document is all that Plot asks of one.
    document: document as unknown as Document,
  });
  return tidied(svg as unknown as SVGElement, label);
}

/** One root element with a name and a view box, without Plot's own style sheet. */
function tidied(svg: SVGElement, label: string): string {
  svg.querySelector("style")?.remove();
  svg.removeAttribute("class");
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  for (const element of [...svg.querySelectorAll("[class]")]) element.removeAttribute("class");
  // Parts of a drawing are no images of their own; the whole is one, and its numbers stand in the table.
  for (const element of [...svg.querySelectorAll("[aria-label], [aria-description]")]) {
    element.removeAttribute("aria-label");
    element.removeAttribute("aria-description");
  }
  return svg.outerHTML;
}
