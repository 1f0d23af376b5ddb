import { sha256 } from "../../text/hash.ts";
import { type Effects, timestamp } from "../../workbench/effects.ts";
import { messageOf, StudyError } from "../../workbench/errors.ts";
import type { Visitor } from "./browser.ts";
import { explained, failureOf, isBlocked, type VisitedPage } from "./fetch-failures.ts";
import type { AddressRow, Journal } from "./journal.ts";
import type { Pace } from "./pace.ts";
import type { PageStore } from "./page-store.ts";
import type { Robots } from "./robots.ts";

/** The tools of a crawl. */
export interface Crawl {
  readonly journal: Journal;
  readonly pages: PageStore;
  readonly visitor: Visitor;
  readonly robots: Robots;
  readonly pace: Pace;
  readonly loggedIn: boolean;
}

/** After this many failed pages in a row the crawl stops, because the problem is not a single page. */
const mostFailures = 3;

/**
 * Visits addresses one after the other and stores their pages. The result of each is in the journal before the next
 * request. Throws StudyError after three failed pages in a row; the same command continues there.
 */
export async function crawl(addresses: readonly AddressRow[], tools: Crawl, effects: Effects): Promise<void> {
  const progress = effects.progress("fetching pages", addresses.length);
  let failures = 0;
  try {
    for (const { address, headline } of addresses) {
      if (!tools.robots.allows(address)) {
        tools.journal.setState(address, "blocked", timestamp(effects), { note: "robots.txt" });
        progress.step("not allowed by robots.txt");
        continue;
      }
      await tools.pace();
      tools.journal.markFetching(address, timestamp(effects));
      const problem = await fetchPage(address, tools, effects);
      if (problem) effects.warn(`${address} ${problem.message}`);
      failures = problem && !problem.single ? failures + 1 : 0;
      if (problem && failures >= mostFailures) throw stopped(problem);
      progress.step(headline.slice(0, 40));
    }
  } finally {
    progress.end();
  }
}

/** Fetches and stores one page; resolves to the problem if there was one. */
async function fetchPage(address: string, tools: Crawl, effects: Effects): Promise<PageProblem | undefined> {
  const { journal, pages, visitor } = tools;
  let visited: VisitedPage;
  try {
    visited = await visitor.visit(address);
  } catch (thrown) {
    effects.signal.throwIfAborted();
    const message = `could not be fetched: ${messageOf(thrown)}`;
    journal.setState(address, "failed", timestamp(effects), { note: message });
    return { message, remedy: "check the connection, then use --retry-failed", single: false };
  }

  const failure = failureOf(visited);
  // A page without readable stories is stored too: a later version may read it.
  const kept = !failure || failure === "no stories" ? { hash: await pages.store(address, visited.html) } : {};
  if (!failure) {
    journal.setState(address, "fetched", timestamp(effects), kept);
    return undefined;
  }
  const state = isBlocked(failure) ? "blocked" : "failed";
  journal.setState(address, state, timestamp(effects), { ...kept, note: failure });
  return { ...explained(failure, tools.loggedIn), single: failure === "gone" };
}

interface PageProblem {
  readonly message: string;
  readonly remedy: string;
  /** True if it concerns only this page. */
  readonly single: boolean;
}

const stopped = ({ message, remedy }: PageProblem) =>
  new StudyError(`stopped after ${mostFailures} failed pages in a row; the last ${message}`, {
    hint: `${remedy}; then run with --retry-failed (or --reparse to make a corpus from the stored pages)`,
  });

/**
 * Repairs addresses that a kill left unfinished: a page that is already on disk counts as fetched, any other is
 * fetched again.
 */
export async function recover(journal: Journal, pages: PageStore, effects: Effects): Promise<void> {
  for (const { address, state } of journal.addresses()) {
    if (state !== "fetching") continue;
    const html = await pages.read(address);
    if (html === undefined) journal.setState(address, "discovered", timestamp(effects));
    else journal.setState(address, "fetched", timestamp(effects), { hash: sha256(html) });
  }
}
