import { pageOf } from "../parse/markup.ts";
import { type Post, postOf } from "../parse/post.ts";

/** What stands between the reader and the article, where something does. */
export type Wall =
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

/** A page as the browser met it. */
export interface VisitedPage {
  readonly status: number;
  /** The address at which the browser ended. */
  readonly address: string;
  readonly html: string;
}

/**
 * Tells a whole article (undefined) from everything else that can come in its place. Signs that also stand on
 * whole articles (a gateway's empty container, the button of the user's settings) are not looked at.
 */
export function wallOf({ status, address, html }: VisitedPage): Wall | undefined {
  // The captcha's page is small; an article may mention its host in a script.
  if (html.length < 50_000 && /captcha-delivery\.com/.test(html) && !/name="?articleBody/.test(html))
    return "captcha";
  if (isLogin(address)) return "login";
  if (status === 429) return "too many requests";
  if (status === 401 || status === 403) return "forbidden";
  if (status === 404 || status === 410) return "gone";
  if (status >= 500) return "server error";
  return wallIn(html);
}

/** As `wallOf`, for a page of which there is nothing but its markup. */
export function wallIn(html: string): Wall | undefined {
  const read = readPage(html);
  return typeof read === "string" ? read : undefined;
}

/** The post on a page, or the wall before it. */
export function readPage(html: string): Post | Wall {
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

/** Whether the page is to be asked for again only when the user says so because something bars the way. */
export const isBarred = (wall: Wall): boolean =>
  ["captcha", "login", "gateway", "truncated", "too many requests", "forbidden"].includes(wall);

/** What to say of a page that could not be had, and what can be done. */
export function explained(
  wall: Wall,
  loggedIn: boolean,
): { readonly message: string; readonly mend: string } {
  const saved = "or save the pages from your browser and use --source saved-pages";
  const renew = loggedIn
    ? "your login seems to have expired or does not cover them: renew it with `tinylove login` or --cookies FILE"
    : "they are for subscribers: log in with `tinylove login` or import cookies with --cookies FILE";
  const said: Record<Wall, [message: string, mend: string]> = {
    captcha: ["asks for a captcha", `Tiny Love solves none: wait a day, ${saved}`],
    login: ["leads to the login page", `${renew}, ${saved}`],
    gateway: ["stands behind the subscription wall", `${renew}, ${saved}`],
    truncated: ["is cut short for those who are not logged in", `${renew}, ${saved}`],
    "too many requests": [
      "is refused as one request too many (429)",
      "wait some hours and use --retry-failed",
    ],
    forbidden: ["is forbidden (403)", `wait a day, ${saved}`],
    gone: ["is not there any more (404)", "nothing can be done"],
    "server error": ["cannot be had from the server now", "use --retry-failed later"],
    "too large": ["is too large for an article", "nothing is done with it"],
    "no stories": [
      "holds no story that could be read",
      "its markup may have changed: keep it and tell the project",
    ],
  };
  const [message, mend] = said[wall];
  return { message, mend };
}
