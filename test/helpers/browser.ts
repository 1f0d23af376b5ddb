import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from "playwright-core";
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

/** What a test may do with the browser of its process; `close` closes only the contexts that were opened with it. */
export type SharedBrowser = Pick<Browser, "newContext" | "newPage" | "close">;

let shared: Promise<Browser> | undefined;

/** One headless Chromium for all tests of this process, with which it ends. */
export async function sharedBrowser(): Promise<SharedBrowser> {
  shared ??= launchBrowser();
  const browser = await shared;
  const contexts: BrowserContext[] = [];
  const newContext = async (options?: BrowserContextOptions) => {
    const context = await browser.newContext(options);
    contexts.push(context);
    return context;
  };
  return {
    newContext,
    newPage: async (options) => (await newContext(options)).newPage(),
    close: async () => void (await Promise.all(contexts.splice(0).map((context) => context.close()))),
  };
}
