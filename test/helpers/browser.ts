import { type Browser, chromium } from "playwright-core";
import { installedChromium, quietChromium } from "../../src/workbench/chromium.ts";

/** A Chromium on this machine: the one that the environment's CHROMIUM names, or the first on the path. */
export const chromiumPath = (): string | undefined => installedChromium(process.env);

/** What a test says when it is skipped for want of a browser. */
export const withoutChromium = "skipped: no Chromium on the path (CHROMIUM=/path/to/chromium names one)";

/** A headless Chromium that calls nobody. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = chromiumPath();
  if (!executablePath) throw new Error(withoutChromium);
  return chromium.launch({ executablePath, args: quietChromium() });
}
