import { z } from "zod";
import { type Effects, timestamp } from "../../workbench/effects.ts";
import { messageOf, StudyError } from "../../workbench/errors.ts";
import type { AddressRow, Journal, SearchWindow } from "./journal.ts";
import { type Pace, pause } from "./pace.ts";
import type { Places } from "./places.ts";

/** Neither of them finds every post; their union does. */
export const queries: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  kicker: { fq: 'kicker:"Modern Love"' },
  words: { q: '"Tiny Love Stories"' },
};

/** The API pages through no more than this; a window with more is divided. */
const mostHits = 1000;
const pageSize = 10;

/**
 * Finds the addresses of posts through the Article Search API: every query over every window of days, page by page,
 * each page on disk before the next is asked for. Throws StudyError for a key that is missing or refused, a limit
 * that does not pass, an answer that is none, and when nothing at all was found; a later run goes on from there.
 */
export async function discoverPosts(
  journal: Journal,
  span: { readonly begin: string; readonly end: string },
  places: Places,
  pace: Pace,
  effects: Effects,
): Promise<void> {
  const key = effects.env["NYT_API_KEY"];
  const open = openWindows(journal, span);
  if (open.length === 0) return;
  if (!key) {
    throw new StudyError("NYT_API_KEY is not set", {
      hint: "make a key with Article Search at developer.nytimes.com and put it in the environment",
    });
  }
  const progress = effects.progress("searching", open.length);
  for (const window of open) {
    progress.step(`${window.since.slice(0, 4)}, ${window.query}`);
    await searchWindow(journal, window, { places, pace, key }, effects);
  }
  progress.end();
  if (journal.addresses().length === 0) {
    throw new StudyError(`no post was found between ${span.begin} and ${span.end}`, {
      hint: "look at corpus.nyt.begin and end; if they are right, the API has renamed its filter fields",
    });
  }
}

/** Windows that are not yet paged through, for `--dry-run` and for the search itself. */
export const openWindows = (
  journal: Journal,
  span: { readonly begin: string; readonly end: string },
): SearchWindow[] =>
  Object.keys(queries).flatMap((query) =>
    yearsOf(span.begin, span.end).flatMap(([begin, end]) => undone(journal, query, begin, end)),
  );

function undone(journal: Journal, query: string, begin: string, end: string): SearchWindow[] {
  const window = journal.window(query, begin, end);
  if (window.state === "done") return [];
  if (window.state === "open") return [window];
  return halvesOf(begin, end).flatMap(([from, to]) => undone(journal, query, from, to));
}

interface Search {
  readonly places: Places;
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
      journal.found({ ...window, hits, state: "divided" }, [], timestamp(effects));
      for (const half of undone(journal, window.query, window.since, window.until)) {
        await searchWindow(journal, half, search, effects);
      }
      return;
    }
    const done = docs.length === 0 || (page + 1) * pageSize >= Math.min(hits, mostHits);
    const posts = docs.flatMap((doc) => postIn(doc, search.places.site));
    journal.found(
      { ...window, hits, nextPage: page + 1, state: done ? "done" : "open" },
      posts,
      timestamp(effects),
    );
    if (page === 0 && hits === 0) {
      effects.warn(
        `no hits for ${window.query} from ${window.since} to ${window.until}: a filter field may be renamed`,
      );
    }
    if (done) return;
  }
}

const Count = z.object({ hits: z.number() });

/** The count stands in `metadata`, before 2025 in `meta`; a page without documents says null. */
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
  { places, pace, key }: Search,
  effects: Effects,
): Promise<{ hits: number; docs: unknown[] }> {
  const url = new URL(places.search);
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
    // The answer names no time after which to come back.
    effects.log(`the search's limit is reached; waiting ${Math.ceil(wait * places.searchPace)} s`);
    await pause(wait * places.searchPace * 1000, effects);
  }
}

async function answerOf(url: URL, key: string, effects: Effects): Promise<{ status: number; body: string }> {
  try {
    const signal = AbortSignal.any([effects.signal, AbortSignal.timeout(60_000)]);
    const response = await effects.fetch(url, { signal });
    return { status: response.status, body: await response.text() };
  } catch (cause) {
    effects.signal.throwIfAborted();
    // The cause's own message may hold the address, and that holds the key: it is told without either.
    throw new StudyError(`cannot reach ${url.host}: ${redacted(reasonOf(cause), key)}`, {
      hint: "look at the connection and run the same command again: it goes on where it stopped",
    });
  }
}

const reasonOf = (thrown: unknown): string =>
  thrown instanceof Error && thrown.cause ? messageOf(thrown.cause) : messageOf(thrown);

function readAnswer(body: string): { hits: number; docs: unknown[] } {
  const answer = Answer.safeParse(jsonOf(body));
  const count = answer.data?.response.metadata ?? answer.data?.response.meta;
  if (answer.data && count) return { hits: count.hits, docs: answer.data.response.docs ?? [] };
  throw new StudyError("the search answered in a form that is not known", {
    hint: "the API may have changed; save the pages from your browser and use --source saved-pages",
  });
}

function refusal(status: number, body: string, key: string): StudyError {
  const said = redacted(faultIn(body), key);
  if (status === 401 || status === 403) {
    return new StudyError(`the search refuses the key in NYT_API_KEY (${status}${said})`, {
      hint: "look at developer.nytimes.com that the key is right and has Article Search",
    });
  }
  if (status === 429) {
    return new StudyError(`the search's limit does not pass (429${said})`, {
      hint: "a day's share may be used up; run the same command tomorrow: it goes on where it stopped",
    });
  }
  return new StudyError(`the search answered ${status}${said}`, {
    hint: "run the same command again later: it goes on where it stopped",
  });
}

function faultIn(body: string): string {
  const fault = z.object({ fault: z.object({ faultstring: z.string() }) }).safeParse(jsonOf(body));
  // What is called an identifier may be a form of the key.
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

/** Podcasts, lessons and lists of the best match the queries too; a post is known by its headline or its address. */
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
  // An answer must not send the browser to another site.
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
