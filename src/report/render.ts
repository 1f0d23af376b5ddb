import { Resvg } from "@resvg/resvg-js";
import { chromium } from "playwright-core";
import { palette } from "../findings/palette.ts";
import { quietChromium } from "../workbench/chromium.ts";

/** A figure as a PNG of 1,400 pixels, for programs without SVG, in the first installed sans serif font. */
export function png(svg: string): Uint8Array {
  const picture = new Resvg(svg, {
    fitTo: { mode: "width", value: 1400 },
    background: palette.light.paper,
    font: { loadSystemFonts: true, sansSerifFamily: "Liberation Sans" },
  });
  return picture.render().asPng();
}

/** Whether any font is installed; without one a PNG has no text. */
export function fontsAreInstalled(): boolean {
  const probe = new Resvg(
    '<svg xmlns="http://www.w3.org/2000/svg" width="50" height="20"><text y="15">words</text></svg>',
  );
  return (probe.getBBox()?.width ?? 0) > 0;
}

/** The page as an A4 PDF by an installed Chromium, without the time of printing, so that the same page gives the same PDF. */
export async function pdf(html: string, executablePath: string): Promise<Uint8Array> {
  const browser = await chromium.launch({ executablePath, args: quietChromium() });
  try {
    const page = await browser.newPage();
    // The page must not load anything.
    await page.route("**", (route) => route.abort());
    await page.setContent(html, { waitUntil: "load" });
    return withoutTimes(
      await page.pdf({ format: "A4", preferCSSPageSize: true, tagged: true, outline: true }),
    );
  } finally {
    await browser.close();
  }
}

/** Sets the dates of a PDF to the year 2000, with the same number of bytes, so that its index stays valid. */
function withoutTimes(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString("latin1");
  const timeless = text.replace(
    /\/(CreationDate|ModDate) \(D:(\d{14})/g,
    (_, name: string) => `/${name} (D:20000101000000`,
  );
  return Buffer.from(timeless, "latin1");
}
