import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { StudyError } from "./errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * An installed Chromium or Chrome: the one in CHROMIUM, else the first on the path or in the usual places; undefined
 * if there is none. Throws StudyError if CHROMIUM is not a program.
 */
export function installedChromium(environment: Environment): string | undefined {
  const named = environment["CHROMIUM"];
  if (named) {
    if (runs(named)) return named;
    throw new StudyError(`CHROMIUM: ${named} is not a program`, {
      hint: "unset it, or give the path of the browser's program",
    });
  }
  const folders = (environment["PATH"] ?? "").split(delimiter).filter(Boolean);
  return [
    ...folders.flatMap((folder) => usualNames.map((name) => join(folder, name))),
    ...usualPlaces(environment),
  ].find(runs);
}

/** Chromium's sandbox does not work as root, and containers run as root. */
export const sandboxChromium = (): string[] => (process.getuid?.() === 0 ? ["--no-sandbox"] : []);

/** The browser itself makes no network requests, and has no pages of its own. */
export const quietChromium = (): string[] => [
  ...sandboxChromium(),
  `--disable-features=${[...playwrightDisables, ...suggestions].join(",")}`,
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-sync",
  "--no-first-run",
  "--disable-dev-shm-usage",
];

/** The pages of the address bar's suggestions: every new page and every visit would load them, a third of all processor time. */
const suggestions = ["WebUIOmniboxPopup", "WebUIOmniboxAimPopup"];

/** What Playwright itself disables: Chromium obeys only the last `--disable-features`. */
const playwrightDisables = [
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "HttpsUpgrades",
  "HttpsFirstBalancedModeAutoEnable",
  "LensOverlay",
  "MediaRouter",
  "PaintHolding",
  "ThirdPartyStoragePartitioning",
  "AvoidCorsURLLoaderRestartOnRedirect",
  "OptimizationHints",
  "NetworkTimeServiceQuerying",
  "AimEnabled",
  "PreconnectToSearch",
];

const usualNames = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome.exe"];

const usualPlaces = (environment: Environment): string[] => [
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ...["PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"].flatMap((name) => {
    const folder = environment[name];
    return folder ? [join(folder, "Google", "Chrome", "Application", "chrome.exe")] : [];
  }),
];

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
