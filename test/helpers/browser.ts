import { type Browser, chromium } from "playwright-core";
import { installedChromium, quietChromium } from "../../src/workbench/chromium.ts";

/** A Chromium on this machine: the one in the environment variable CHROMIUM, or the first on the path. */
export const chromiumPath = (): string | undefined => installedChromium(process.env);

/** The reason if a test is skipped because there is no browser. */
export const withoutChromium = "skipped: no Chromium on the path (CHROMIUM=/path/to/chromium names one)";

/** A headless Chromium without background requests. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = chromiumPath();
  if (!executablePath) throw new Error(withoutChromium);
  return chromium.launch({ executablePath, args: quietChromium() });
}
