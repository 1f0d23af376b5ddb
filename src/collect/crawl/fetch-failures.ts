import { pageOf } from "../parse/markup.ts";
import { type Post, postOf } from "../parse/post.ts";

/** What prevents reading an article. */
export type FetchFailure =
  | "captcha"
  | "login"
  | "gateway"
  | "truncated"
  | "too many requests"
  | "forbidden"
  | "gone"
  | "server error"
  | "too large"
  | "no stories";

/** A page as the browser loaded it. */
export interface VisitedPage {
  readonly status: number;
  /** The address after redirects. */
  readonly address: string;
  readonly html: string;
}

/**
 * What prevents reading the article; undefined for a whole article. Signs that whole articles have too (a gateway's
 * empty container, the settings button) are ignored.
 */
export function failureOf({ status, address, html }: VisitedPage): FetchFailure | undefined {
  // A captcha page is small; an article may mention the captcha's host in a script.
  if (html.length < 50_000 && /captcha-delivery\.com/.test(html) && !/name="?articleBody/.test(html))
    return "captcha";
  if (isLogin(address)) return "login";
  if (status === 429) return "too many requests";
  if (status === 401 || status === 403) return "forbidden";
  if (status === 404 || status === 410) return "gone";
  if (status >= 500) return "server error";
  return failureIn(html);
}

/** As `failureOf`, for markup only. */
export function failureIn(html: string): FetchFailure | undefined {
  const read = readPage(html);
  return typeof read === "string" ? read : undefined;
}

/** The post on a page, or what prevents reading it. */
export function readPage(html: string): Post | FetchFailure {
  const page = pageOf(html);
  if (!page) return "too large";
  if (page("[id*=gateway-content], [data-testid*=gateway-content]").length > 0) return "gateway";
  if (/["']?isOptimisticallyTruncated["']?\s*:\s*true/.test(html)) return "truncated";
  const post = postOf(page);
  return post.stories.some(({ text }) => text !== "") ? post : "no stories";
}

function isLogin(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { hostname, pathname } = new URL(address);
  return hostname.startsWith("myaccount.") || /^\/(?:auth|login|signin)\b/.test(pathname);
}

/** Whether the page is blocked, so that it is requested again only if the user says so. */
export const isBlocked = (failure: FetchFailure): boolean =>
  ["captcha", "login", "gateway", "truncated", "too many requests", "forbidden"].includes(failure);

/** The message for a failed page, and what to do. */
export function explained(
  failure: FetchFailure,
  loggedIn: boolean,
): { readonly message: string; readonly remedy: string } {
  const saved = "or save the pages from your browser and use --source saved-pages";
  const renew = loggedIn
    ? "your login seems to have expired or does not cover them: renew it with `tinylove login` or --cookies FILE"
    : "they are for subscribers: log in with `tinylove login` or import cookies with --cookies FILE";
  const explanations: Record<FetchFailure, [message: string, remedy: string]> = {
    captcha: ["asks for a CAPTCHA", `Tiny Love does not solve CAPTCHAs: wait a day, ${saved}`],
    login: ["leads to the login page", `${renew}, ${saved}`],
    gateway: ["is behind the paywall", `${renew}, ${saved}`],
    truncated: ["is cut short for those who are not logged in", `${renew}, ${saved}`],
    "too many requests": [
      "is refused because of too many requests (429)",
      "wait some hours and use --retry-failed",
    ],
    forbidden: ["is forbidden (403)", `wait a day, ${saved}`],
    gone: ["no longer exists (404)", "nothing can be done"],
    "server error": ["is not available because of a server error", "use --retry-failed later"],
    "too large": ["is too large for an article", "it is ignored"],
    "no stories": [
      "has no readable story",
      "its markup may have changed: keep the page and report it to the project",
    ],
  };
  const [message, remedy] = explanations[failure];
  return { message, remedy };
}
