import { z } from "zod";
import { type Effects, timestamp } from "../../workbench/effects.ts";
import { messageOf, StudyError } from "../../workbench/errors.ts";
import type { Endpoints } from "./endpoints.ts";
import type { AddressRow, Journal, SearchWindow } from "./journal.ts";
import { type Pace, pause } from "./pace.ts";

/** Neither query finds every post, but both together do. */
export const queries: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  kicker: { fq: 'kicker:"Modern Love"' },
  words: { q: '"Tiny Love Stories"' },
};

/** The API returns at most this many; a window with more is divided. */
const mostHits = 1000;
const pageSize = 10;

/**
 * Finds the addresses of posts with the Article Search API: every query for every window of days, page by page; each
 * page is on disk before the next request. Throws StudyError for a missing or refused key, a rate limit that does not
 * end, a malformed answer, or if nothing was found; a later run continues there.
 */
export async function discoverPosts(
  journal: Journal,
  span: { readonly begin: string; readonly end: string },
  endpoints: Endpoints,
  pace: Pace,
  effects: Effects,
): Promise<void> {
  const key = effects.env["NYT_API_KEY"];
  const open = openWindows(journal, span);
  if (open.length === 0) return;
  if (!key) {
    throw new StudyError("NYT_API_KEY is not set", {
      hint: "create a key for Article Search at developer.nytimes.com and set it in the environment",
    });
  }
  const progress = effects.progress("searching", open.length);
  for (const window of open) {
    progress.step(`${window.since.slice(0, 4)}, ${window.query}`);
    await searchWindow(journal, window, { endpoints, pace, key }, effects);
  }
  progress.end();
  if (journal.addresses().length === 0) {
    throw new StudyError(`no post was found between ${span.begin} and ${span.end}`, {
      hint: "check corpus.nyt.begin and end; if they are right, the API may have renamed its filter fields",
    });
  }
}

/** Windows that are not finished, for `--dry-run` and for the search. */
export const openWindows = (
  journal: Journal,
  span: { readonly begin: string; readonly end: string },
): SearchWindow[] =>
  Object.keys(queries).flatMap((query) =>
    yearsOf(span.begin, span.end).flatMap(([begin, end]) => unfinishedWindows(journal, query, begin, end)),
  );

function unfinishedWindows(journal: Journal, query: string, begin: string, end: string): SearchWindow[] {
  const window = journal.window(query, begin, end);
  if (window.state === "done") return [];
  if (window.state === "open") return [window];
  return halvesOf(begin, end).flatMap(([from, to]) => unfinishedWindows(journal, query, from, to));
}

interface Search {
  readonly endpoints: Endpoints;
  readonly pace: Pace;
  readonly key: string;
}

async function searchWindow(
  journal: Journal,
  window: SearchWindow,
  search: Search,
  effects: Effects,
): Promise<void> {
  for (let page = window.nextPage; ; page++) {
    const { hits, docs } = await searchPage(window, page, search, effects);
    if (page === 0 && hits > mostHits && window.since < window.until) {
      journal.addResults({ ...window, hits, state: "divided" }, [], timestamp(effects));
      for (const half of unfinishedWindows(journal, window.query, window.since, window.until)) {
        await searchWindow(journal, half, search, effects);
      }
      return;
    }
    const done = docs.length === 0 || (page + 1) * pageSize >= Math.min(hits, mostHits);
    const posts = docs.flatMap((doc) => postIn(doc, search.endpoints.site));
    journal.addResults(
      { ...window, hits, nextPage: page + 1, state: done ? "done" : "open" },
      posts,
      timestamp(effects),
    );
    if (page === 0 && hits === 0) {
      effects.warn(
        `no hits for ${window.query} from ${window.since} to ${window.until}: the API may have renamed a filter field`,
      );
    }
    if (done) return;
  }
}

const Count = z.object({ hits: z.number() });

/** The count is in `metadata`, before 2025 in `meta`; a page without documents has null. */
const Answer = z.object({
  response: z.object({
    docs: z.array(z.unknown()).nullish(),
    metadata: Count.optional(),
    meta: Count.optional(),
  }),
});

const waitsAfterLimit = [1, 2, 4, 8, 16];

async function searchPage(
  { query, since, until }: SearchWindow,
  page: number,
  { endpoints, pace, key }: Search,
  effects: Effects,
): Promise<{ hits: number; docs: unknown[] }> {
  const url = new URL(endpoints.search);
  const parameters = {
    ...queries[query],
    begin_date: since.replaceAll("-", ""),
    end_date: until.replaceAll("-", ""),
    sort: "oldest",
    page: String(page),
    "api-key": key,
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);

  for (let attempt = 0; ; attempt++) {
    await pace();
    const { status, body } = await answerOf(url, key, effects);
    if (status === 200) return readAnswer(body);
    const wait = waitsAfterLimit[attempt];
    if (status !== 429 || wait === undefined) throw refusal(status, body, key);
    // The answer does not say how long to wait.
    effects.log(`the search's rate limit is reached; waiting ${Math.ceil(wait * endpoints.searchPace)} s`);
    await pause(wait * endpoints.searchPace * 1000, effects);
  }
}

async function answerOf(url: URL, key: string, effects: Effects): Promise<{ status: number; body: string }> {
  try {
    const signal = AbortSignal.any([effects.signal, AbortSignal.timeout(60_000)]);
    const response = await effects.fetch(url, { signal });
    return { status: response.status, body: await response.text() };
  } catch (cause) {
    effects.signal.throwIfAborted();
    // The cause's message may contain the address with the key, so show neither.
    throw new StudyError(`cannot reach ${url.host}: ${redacted(reasonOf(cause), key)}`, {
      hint: "check the connection and run the same command again: it continues where it stopped",
    });
  }
}

const reasonOf = (thrown: unknown): string =>
  thrown instanceof Error && thrown.cause ? messageOf(thrown.cause) : messageOf(thrown);

function readAnswer(body: string): { hits: number; docs: unknown[] } {
  const answer = Answer.safeParse(jsonOf(body));
  const count = answer.data?.response.metadata ?? answer.data?.response.meta;
  if (answer.data && count) return { hits: count.hits, docs: answer.data.response.docs ?? [] };
  throw new StudyError("the search returned an unknown format", {
    hint: "the API may have changed; save the pages from your browser and use --source saved-pages",
  });
}

function refusal(status: number, body: string, key: string): StudyError {
  const message = redacted(faultIn(body), key);
  if (status === 401 || status === 403) {
    return new StudyError(`the search refuses the key in NYT_API_KEY (${status}${message})`, {
      hint: "check at developer.nytimes.com that the key is right and includes Article Search",
    });
  }
  if (status === 429) {
    return new StudyError(`the search's rate limit does not end (429${message})`, {
      hint: "the daily limit may be used up; run the same command tomorrow: it continues where it stopped",
    });
  }
  return new StudyError(`the search answered ${status}${message}`, {
    hint: "run the same command again later: it continues where it stopped",
  });
}

function faultIn(body: string): string {
  const fault = z.object({ fault: z.object({ faultstring: z.string() }) }).safeParse(jsonOf(body));
  // The identifier in the message may contain the key.
  return fault.success
    ? `, ${fault.data.fault.faultstring.replace(/(identifier\s*:\s*)\S+/i, "$1…").slice(0, 160)}`
    : "";
}

const redacted = (text: string, key: string): string => text.replaceAll(key, "…");

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const Document = z.object({
  web_url: z.string(),
  headline: z.object({ main: z.string().nullish() }).nullish(),
  pub_date: z.string().nullish(),
});

/** Podcasts, lessons and best-of lists match the queries too; a post is recognised by its headline or address. */
function postIn(document: unknown, site: URL): Pick<AddressRow, "address" | "headline" | "published">[] {
  const read = Document.safeParse(document);
  if (!read.success || !URL.canParse(read.data.web_url)) return [];
  const url = new URL(read.data.web_url);
  const headline = read.data.headline?.main ?? "";
  const named =
    /^tiny (?:modern )?love stories/i.test(headline) || /\/style\/tiny-(?:modern-)?love-/.test(url.pathname);
  const other = /^\/(?:interactive|learning|podcasts?|video|slideshow)\b|\/(?:learning|podcasts?)\//.test(
    url.pathname,
  );
  // An answer must not lead the browser to another site.
  if (!named || other || url.origin !== site.origin) return [];
  return [
    { address: url.origin + url.pathname, headline, published: (read.data.pub_date ?? "").slice(0, 10) },
  ];
}

/** Calendar years, clipped to the span. */
function yearsOf(begin: string, end: string): [begin: string, end: string][] {
  const [first, last] = [Number(begin.slice(0, 4)), Number(end.slice(0, 4))];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => {
    const year = first + at;
    return [year === first ? begin : `${year}-01-01`, year === last ? end : `${year}-12-31`];
  });
}

function halvesOf(begin: string, end: string): [begin: string, end: string][] {
  const day = 86_400_000;
  const [from, to] = [Date.parse(begin), Date.parse(end)];
  const middle = from + Math.floor((to - from) / day / 2) * day;
  const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);
  return [
    [begin, dayOf(middle)],
    [dayOf(middle + day), end],
  ];
}
