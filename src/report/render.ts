import { chromium, type Page } from "playwright-core";
import { quietChromium } from "../workbench/chromium.ts";

/** The report on paper: `short` is its body, with the appendix closed, `full` all of it. */
export interface Printed {
  readonly short: Uint8Array;
  readonly full: Uint8Array;
}

/**
 * The page as two A4 PDFs by an installed Chromium, without the time of printing, so that the same page gives the same
 * PDF.
 */
export async function pdfs(html: string, executablePath: string): Promise<Printed> {
  const browser = await chromium.launch({ executablePath, args: quietChromium() });
  try {
    const page = await browser.newPage();
    // The page must not load anything.
    await page.route("**", (route) => route.abort());
    await page.setContent(html, { waitUntil: "load" });
    const short = await printed(page);
    await page.evaluate(openAppendix);
    return { short, full: await printed(page) };
  } finally {
    await browser.close();
  }
}

const printed = async (page: Page): Promise<Uint8Array> =>
  withoutTimes(await page.pdf({ format: "A4", preferCSSPageSize: true, tagged: true, outline: true }));

/** Runs in the page. Numbers of figures are opened where they are short; the files in `tables/` have the long ones. */
const openAppendix = `
for (const each of document.querySelectorAll("#appendix details"))
  if (!each.closest("td") && !(each.matches(".numbers") && each.querySelectorAll("tr").length > 26)) each.open = true;
`;

/** Sets the dates of a PDF to the year 2000, with the same number of bytes, so that its index stays valid. */
function withoutTimes(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString("latin1");
  const timeless = text.replace(
    /\/(CreationDate|ModDate) \(D:(\d{14})/g,
    (_, name: string) => `/${name} (D:20000101000000`,
  );
  return Buffer.from(timeless, "latin1");
}
