import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, BrowserContext, Page, Response } from "playwright-core";
import { installedChromium, quietChromium, sandboxChromium } from "../../workbench/chromium.ts";
import { messageOf, StudyError } from "../../workbench/errors.ts";
import { version } from "../../workbench/version.ts";
import type { Cookie } from "./cookies.ts";
import type { VisitedPage } from "./fetch-failures.ts";

/** Tiny Love's name for websites and in robots.txt. */
export const agent = `TinyLove/${version}`;

/** A browser that visits one page at a time. */
export interface Visitor {
  /** Rejects with the network's own message if there is no answer. */
  visit(address: string): Promise<VisitedPage>;
  close(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Opens an installed Chromium without a window. It identifies itself, and loads only pages and scripts from `site`:
 * no images, fonts, media or style sheets.
 */
export async function openVisitor(
  site: URL,
  cookies: readonly Cookie[],
  environment: Environment,
): Promise<Visitor> {
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({
    executablePath: chromiumPath(environment),
    args: quietChromium(),
  });
  try {
    const page = await onePage(browser, site, cookies);
    return { visit: (address) => visit(page, address), close: () => browser.close() };
  } catch (thrown) {
    await browser.close();
    throw thrown;
  }
}

async function onePage(browser: Browser, site: URL, cookies: readonly Cookie[]): Promise<Page> {
  const context = await browser.newContext({
    userAgent: await identifyingAgent(browser),
    serviceWorkers: "block",
  });
  await context.addCookies([...cookies]);
  await context.route("**", (route) => {
    const request = route.request();
    const unseen = ["image", "media", "font", "stylesheet"].includes(request.resourceType());
    const foreign = !request.isNavigationRequest() && new URL(request.url()).origin !== site.origin;
    return unseen || foreign ? route.abort() : route.continue();
  });
  const page = await context.newPage();
  page.on("dialog", (dialog) => void dialog.dismiss().catch(() => undefined));
  return page;
}

/** The browser's user agent with our name added, so that a site can see which program is reading. */
async function identifyingAgent(browser: Browser): Promise<string> {
  const session = await browser.newBrowserCDPSession();
  const { userAgent } = await session.send("Browser.getVersion");
  await session.detach();
  return `${userAgent} ${agent}`;
}

const storySelector = "section[name=articleBody] p, [id*=gateway-content], [data-testid*=gateway-content]";

async function visit(page: Page, address: string): Promise<VisitedPage> {
  let response: Response | null;
  try {
    response = await page.goto(address, { waitUntil: "domcontentloaded", timeout: 60_000 });
  } catch (cause) {
    throw new Error(firstLine(messageOf(cause)), { cause });
  }
  const status = response?.status() ?? 0;
  if (status >= 400) return { status, address: page.url(), html: await contentOf(page) };
  // The page's own scripts may show a paywall, so wait for them as an ordinary browser would.
  await page.waitForLoadState("load", { timeout: 20_000 }).catch(() => undefined);
  await page
    .locator(storySelector)
    .first()
    .waitFor({ state: "attached", timeout: 2_000 })
    .catch(() => undefined);
  return { status, address: page.url(), html: await contentOf(page) };
}

/** The page's content, with a timeout for scripts that never stop. */
async function contentOf(page: Page): Promise<string> {
  const late = sleep(30_000, undefined, { ref: false }).then(() => {
    throw new Error("the page does not answer");
  });
  late.catch(() => undefined);
  return Promise.race([page.content(), late]);
}

const firstLine = (text: string) => text.split("\n")[0]!.slice(0, 200);

/** Opens a visible window with a persistent profile, for the user to log in. */
export async function openWindow(profile: string, environment: Environment): Promise<BrowserContext> {
  const { chromium } = await import("playwright-core");
  try {
    return await chromium.launchPersistentContext(profile, {
      executablePath: chromiumPath(environment),
      headless: false,
      viewport: null,
      args: ["--no-first-run", ...sandboxChromium()],
    });
  } catch (cause) {
    const noScreen = /display|headed|XServer/i.test(messageOf(cause));
    throw new StudyError(
      noScreen
        ? "there is no screen for a browser window"
        : `the browser did not open: ${firstLine(messageOf(cause))}`,
      {
        hint: "log in on another machine and import its cookies with `tinylove collect --cookies FILE`",
        cause,
      },
    );
  }
}

/** The path of an installed Chromium or Chrome; throws StudyError if there is none. */
export function chromiumPath(environment: Environment): string {
  const found = installedChromium(environment);
  if (found) return found;
  throw new StudyError("no Chromium or Chrome was found", {
    hint: "install one, or set CHROMIUM to its path",
  });
}
