import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type PostFixture, pageOfPost, posts } from "./posts.ts";

/** How the server answers a request for a page. */
export type Behaviour =
  | "article"
  | "login"
  | "gateway"
  | "truncated"
  | "captcha"
  | "forbidden"
  | "gone"
  | "too many requests"
  | "server error"
  | "changed markup"
  | "no answer";

export interface TestNewspaperOptions {
  /** Where the search's answer has the count: since 2025 in `metadata`, before in `meta`. */
  readonly count?: "metadata" | "meta";
  readonly posts?: readonly PostFixture[];
  /** How many searches are answered with 429, and after how many successful ones (none). */
  readonly limited?: number;
  readonly limitedAfter?: number;
  /** How many other articles match the search, spread over the year 2019. */
  readonly essays?: number;
  readonly robots?: string;
  /** Whether articles need a subscriber's cookie. */
  readonly subscribers?: boolean;
  /** Milliseconds before a page is answered. */
  readonly delay?: number;
}

export interface Seen {
  readonly path: string;
  readonly agent: string;
  readonly cookie: string;
}

export const goodKey = "key-of-the-test-server";
export const goodCookie = "NYT-S=a-subscriber";

/**
 * A local server that behaves like the newspaper's search and pages, as far as they are known, with texts written for
 * the tests.
 */
export class TestNewspaper {
  readonly seen: Seen[] = [];
  readonly searches: URLSearchParams[] = [];
  /** Number of searches that were answered with results. */
  readonly answered: string[] = [];
  /** The largest number of simultaneous requests for pages. */
  mostAtOnce = 0;
  readonly behaviours = new Map<string, Behaviour>();
  readonly #options: TestNewspaperOptions;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #limited: number;
  #open = 0;

  constructor(options: TestNewspaperOptions = {}) {
    this.#options = options;
    this.#limited = options.limited ?? 0;
  }

  static async open(options: TestNewspaperOptions = {}): Promise<TestNewspaper> {
    const newspaper = new TestNewspaper(options);
    await new Promise<void>((listening) => newspaper.#server.listen(0, "127.0.0.1", listening));
    return newspaper;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The environment variables that direct a command to this server, without pauses. */
  get environment(): Record<string, string | undefined> {
    return {
      ...process.env,
      NYT_API_KEY: goodKey,
      TINYLOVE_NYT_API: this.address,
      TINYLOVE_NYT_SITE: this.address,
      TINYLOVE_NYT_PACE: "0",
    };
  }

  get posts(): readonly PostFixture[] {
    return this.#options.posts ?? posts;
  }

  /** How often each post was requested. */
  visits(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { path } of this.seen) {
      if (this.posts.some((post) => post.path === path)) counts.set(path, (counts.get(path) ?? 0) + 1);
    }
    return counts;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    if (url.pathname.startsWith("/svc/search/")) return this.#search(url.searchParams, response);
    this.seen.push({
      path: url.pathname,
      agent: request.headers["user-agent"] ?? "",
      cookie: request.headers.cookie ?? "",
    });
    this.#open += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#open);
    await new Promise((resolve) => setTimeout(resolve, this.#options.delay ?? 0));
    this.#page(url.pathname, request, response);
    this.#open -= 1;
  }

  #search(parameters: URLSearchParams, response: ServerResponse): void {
    this.searches.push(parameters);
    const json = (status: number, value: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    const fault = (faultstring: string, errorcode: string) => ({
      fault: { faultstring, detail: { errorcode } },
    });
    const key = parameters.get("api-key");
    if (!key) {
      const said = "Failed to resolve API Key variable request.queryparam.api-key";
      return void json(401, fault(said, "steps.oauth.v2.FailedToResolveAPIKey"));
    }
    if (key !== goodKey) return void json(401, fault(`Invalid ApiKey ${key}`, "oauth.v2.InvalidApiKey"));
    if (this.#limited > 0 && this.answered.length >= (this.#options.limitedAfter ?? 0)) {
      this.#limited -= 1;
      const said = `Rate limit quota violation. Quota limit  exceeded. Identifier : ${key}`;
      return void json(429, fault(said, "policies.ratelimit.QuotaViolation"));
    }

    const documents = this.#documents().filter(
      ({ pub_date, kicker, words }) =>
        pub_date.slice(0, 10).replaceAll("-", "") >= parameters.get("begin_date")! &&
        pub_date.slice(0, 10).replaceAll("-", "") <= parameters.get("end_date")! &&
        (parameters.get("fq") === 'kicker:"Modern Love"'
          ? kicker
          : parameters.get("q") === '"Tiny Love Stories"' && words),
    );
    this.answered.push(parameters.toString());
    const page = Number(parameters.get("page"));
    const docs = documents.slice(page * 10, page * 10 + 10).map(({ kicker: _, words: __, ...rest }) => rest);
    const count = { hits: documents.length, offset: page * 10, time: 7 };
    json(200, {
      status: "OK",
      response: { docs: docs.length > 0 ? docs : null, [this.#options.count ?? "metadata"]: count },
    });
  }

  /** The posts, each matched by one query or both, among other matches that are not posts. */
  #documents() {
    const document = (path: string, headline: string, date: string, kicker: boolean, words: boolean) => ({
      web_url: this.address + path,
      headline: { main: headline, kicker: "" },
      pub_date: this.#options.count === "meta" ? `${date}T09:00:26+0000` : `${date}T09:00:26Z`,
      byline: { original: null },
      multimedia: { caption: "" },
      ...{ kicker, words },
    });
    const real = this.posts.map(({ path, headline, date }, at) =>
      document(path, headline, date, at % 3 !== 1, at % 3 !== 0),
    );
    const dayOf = (at: number) => new Date(Date.UTC(2019, 0, 1 + (at % 365))).toISOString().slice(0, 10);
    const essays = Array.from({ length: this.#options.essays ?? 23 }, (_, at) =>
      document(`/2019/style/modern-love-${at}.html`, `An Essay, ${at}`, dayOf(at), true, false),
    );
    return [
      ...real,
      ...essays,
      document(
        "/2019/11/20/podcasts/tiny-love-stories.html",
        "Tiny Love Stories, Read Aloud",
        "2019-11-20",
        true,
        true,
      ),
      document(
        "/2020/02/13/learning/tiny-love-stories.html",
        "Tiny Love Stories in Your Class",
        "2020-02-13",
        false,
        true,
      ),
      document(
        "/2020/12/29/style/best-tiny-love.html",
        "Our Favorite Tiny Love Stories of 2020",
        "2020-12-29",
        true,
        true,
      ),
      {
        ...document("", "Tiny Love Stories: Elsewhere", "2021-01-05", true, true),
        web_url: "https://example.org/style/tiny-love-stories-x.html",
      },
    ];
  }

  #page(path: string, request: IncomingMessage, response: ServerResponse): void {
    const html = (status: number, text: string) =>
      response.writeHead(status, { "content-type": "text/html; charset=utf-8" }).end(text);
    if (path === "/robots.txt")
      return void response.end(this.#options.robots ?? "User-agent: *\nDisallow: /ads/\n");
    if (path.startsWith("/auth/login")) return void html(200, "<form><input type=password></form>");
    const post = this.posts.find((each) => each.path === path);
    if (!post) return void html(404, "<h1>Page Not Found</h1>");

    const shape = post.date < "2019" ? "state" : "tree";
    const article = pageOfPost(post, { shape });
    // The page's own script puts the paywall over the article, as on the real site.
    const wall = `<script>document.body.insertAdjacentHTML("beforeend", '<div id="gateway-content" data-testid="onsite-messaging-unit-gateway">Subscribe</div>')</script>`;
    const stranger = this.#options.subscribers && !request.headers.cookie?.includes(goodCookie);
    switch (this.behaviours.get(path) ?? (stranger ? "gateway" : "article")) {
      case "article":
        return void html(200, article);
      case "login":
        return void response.writeHead(302, { location: `/auth/login?redirect_uri=${path}` }).end();
      case "gateway":
        return void html(200, article.replace("</body>", `${wall}</body>`));
      case "truncated":
        return void html(
          200,
          article
            .replace('"config":', '"isOptimisticallyTruncated":true,"config":')
            .replace(
              "window.__preloadedData = {",
              'window.__preloadedData = {"isOptimisticallyTruncated":true,',
            ),
        );
      case "captcha":
        return void html(
          403,
          `<html><body><script>var dd={'host':'geo.captcha-delivery.com'}</script></body></html>`,
        );
      case "forbidden":
        return void html(403, "Forbidden");
      case "gone":
        return void html(410, "<h1>Gone</h1>");
      case "too many requests":
        return void html(429, "Too many requests");
      case "server error":
        return void html(503, "Service unavailable");
      case "changed markup":
        return void html(200, "<main><div class=story>Another markup altogether.</div></main>");
      case "no answer":
        return void request.socket.destroy();
    }
  }
}
