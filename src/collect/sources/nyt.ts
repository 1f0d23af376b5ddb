import { sha256 } from "../../text/hash.ts";
import { type Effects, timestamp } from "../../workbench/effects.ts";
import { StudyError } from "../../workbench/errors.ts";
import { exists } from "../../workbench/files.ts";
import { duration } from "../../workbench/progress.ts";
import type { Study } from "../../workbench/study.ts";
import { agent, chromiumPath, openVisitor } from "../crawl/browser.ts";
import { readCookies, storeCookies, storedCookies } from "../crawl/cookies.ts";
import { crawl, recover } from "../crawl/crawl.ts";
import { domainOf, type Endpoints, endpointsOf } from "../crawl/endpoints.ts";
import { explained, readPage } from "../crawl/fetch-failures.ts";
import { type AddressRow, Journal } from "../crawl/journal.ts";
import { paced } from "../crawl/pace.ts";
import { type PageStore, pageStore } from "../crawl/page-store.ts";
import { robotsOf } from "../crawl/robots.ts";
import { discoverPosts, openWindows } from "../crawl/search.ts";
import { acknowledgeTerms } from "../crawl/terms.ts";
import type { CollectOptions } from "../options.ts";
import { storiesOfPost } from "../post-stories.ts";
import type { FoundStory, Gathered, Rejection, Source } from "../source.ts";

export const journalFile = "collected/crawl.sqlite";

/**
 * The Tiny Love Stories of The New York Times: addresses from the Article Search API, pages through a browser with
 * the user's own login. It is slow and resumable, and stops at a paywall, CAPTCHA or refusal.
 */
export const nyt: Source = {
  name: "nyt",
  summary:
    "The New York Times's Tiny Love Stories, with your own key and login, if you are allowed to collect them",
  inputs: () => [],
  async gather(study, options, effects) {
    if (options.reparse && !(await exists(study.path(journalFile)))) throw noStoredPages();
    if (!options.reparse && !options.dryRun) await acknowledgeTerms(study, options.acknowledgeTerms, effects);
    const journal = new Journal(study.path(journalFile));
    try {
      const endpoints = endpointsOf(effects.env, study.config.corpus.nyt.secondsBetweenPages);
      const pages = pageStore(study);
      await recover(journal, pages, effects);
      if (options.dryRun) return printPlan(journal, study, endpoints, options, effects);
      if (!options.reparse) await fetchAll(journal, pages, study, endpoints, options, effects);
      return await parseAll(journal, pages, study, effects);
    } finally {
      journal.close();
    }
  },
};

async function fetchAll(
  journal: Journal,
  pages: PageStore,
  study: Study,
  endpoints: Endpoints,
  options: CollectOptions,
  effects: Effects,
): Promise<void> {
  const cookies = await loginOf(study, endpoints, options, effects);
  const idle =
    openWindows(journal, study.config.corpus.nyt).length + dueAddresses(journal, options).length === 0;
  if (idle) return;
  // Check for a browser before the search.
  chromiumPath(effects.env);
  const last = lastRequest(journal);
  if (!options.retryFailed) {
    await discoverPosts(
      journal,
      study.config.corpus.nyt,
      endpoints,
      paced(endpoints.searchPace, last, effects),
      effects,
    );
  }
  const addresses = dueAddresses(journal, options);
  if (addresses.length === 0) return;

  const robots = await robotsOf(endpoints.site, agent, effects.fetch);
  const seconds = Math.max(endpoints.pagePace, robots.delay);
  effects.log(
    `${addresses.length} pages to fetch, one every ${seconds} s: about ${duration(addresses.length * seconds * 1000)}`,
  );
  const visitor = await openVisitor(endpoints.site, cookies, effects.env);
  const close = () => void visitor.close();
  effects.signal.addEventListener("abort", close, { once: true });
  try {
    const pace = paced(seconds, last, effects);
    await crawl(addresses, { journal, pages, visitor, robots, pace, loggedIn: cookies.length > 0 }, effects);
  } finally {
    effects.signal.removeEventListener("abort", close);
    await visitor.close();
  }
}

/** Imports cookies if the command gives a file, and returns the study's cookies. */
async function loginOf(
  study: Study,
  { site }: Endpoints,
  { cookies: file }: CollectOptions,
  effects: Effects,
) {
  const domain = domainOf(site);
  if (file) {
    const { kept, foreign, expired } = await readCookies(file, domain, effects.now());
    await storeCookies(study, domain, kept);
    effects.log(
      `stored ${kept.length} cookies of ${domain}; skipped ${foreign} of other sites and ${expired} expired`,
    );
  }
  return storedCookies(study, domain);
}

/** Addresses to fetch. Purged pages were removed on purpose; collecting again fetches them again. */
function dueAddresses(journal: Journal, { retryFailed, limit }: CollectOptions): AddressRow[] {
  const due = retryFailed ? ["failed", "blocked"] : ["discovered", "purged"];
  return journal
    .addresses()
    .filter(({ state }) => due.includes(state))
    .slice(0, limit);
}

/** The time of the last run's last request, so that two runs keep the pace of one. */
const lastRequest = (journal: Journal): number =>
  Math.max(0, ...journal.addresses().map(({ at }) => Date.parse(at)));

function printPlan(
  journal: Journal,
  study: Study,
  endpoints: Endpoints,
  options: CollectOptions,
  effects: Effects,
): undefined {
  const windows = openWindows(journal, study.config.corpus.nyt).length;
  const states = new Map<string, number>();
  for (const { state } of journal.addresses()) states.set(state, (states.get(state) ?? 0) + 1);
  effects.print(
    `open searches: ${windows} at ${endpoints.search.host}, one page every ${endpoints.searchPace} s`,
  );
  for (const [state, count] of states) effects.print(`addresses ${state}: ${count}`);
  const due = dueAddresses(journal, options);
  effects.print(
    `pages to fetch now from ${endpoints.site.host}: ${due.length}, one every ${endpoints.pagePace} s`,
  );
  for (const { address } of due) effects.print(address);
}

/** Reads every stored page. This is a separate step that can be repeated with a better parser. */
async function parseAll(
  journal: Journal,
  pages: PageStore,
  study: Study,
  effects: Effects,
): Promise<Gathered> {
  const rows = journal.addresses();
  const stories: FoundStory[] = [];
  const refused: Rejection[] = [];
  const from: string[] = [];
  const licence = licenceOf(study);
  for (const row of rows) {
    const html = await pages.read(row.address);
    const found = html === undefined ? undefined : storiesIn(html, row, licence);
    if (html !== undefined) rememberParsed(journal, row, html, found !== undefined, effects);
    if (found) {
      stories.push(...found);
      from.push(row.address);
    } else {
      refused.push(refusalOf(row));
    }
  }
  if (from.length === 0) throw noStoredPages();
  return { from, stories, refused };
}

function rememberParsed(
  journal: Journal,
  row: AddressRow,
  html: string,
  parsed: boolean,
  effects: Effects,
): void {
  const state = parsed ? "parsed" : "failed";
  if (row.state === state) return;
  journal.setState(row.address, state, timestamp(effects), {
    hash: sha256(html),
    note: parsed ? "" : "no stories",
  });
}

function storiesIn(html: string, row: AddressRow, licence: string): FoundStory[] | undefined {
  const post = readPage(html);
  if (typeof post === "string") return undefined;
  const dated = { ...post, date: post.date || row.published, title: post.title || row.headline };
  return storiesOfPost(dated, {
    where: new URL(row.address).pathname,
    address: row.address,
    source: new URL(row.address).host,
    licence,
  });
}

const licenceOf = ({ config: { corpus } }: Study) =>
  corpus.licence === "unknown" ? "all rights reserved" : corpus.licence;

function refusalOf({ address, headline, state, note }: AddressRow): Rejection {
  const waiting = state === "discovered" ? "is not fetched yet (run collect again)" : undefined;
  const message =
    waiting ??
    (note === "no stories" || note === "" ? explained("no stories", true).message : `${state}: ${note}`);
  return { where: address, title: headline, reason: `page ${state}`, message: `${address} ${message}` };
}

const noStoredPages = () =>
  new StudyError("the study has no stored pages", { hint: "collect some first, without --reparse" });
