import { sha256 } from "../../text/hash.ts";
import { type Effects, timestamp } from "../../workbench/effects.ts";
import { messageOf, StudyError } from "../../workbench/errors.ts";
import type { Visitor } from "./browser.ts";
import type { AddressRow, Journal } from "./journal.ts";
import type { KeptPages } from "./kept-pages.ts";
import type { Pace } from "./pace.ts";
import type { Robots } from "./robots.ts";
import { explained, isBarred, type VisitedPage, wallOf } from "./walls.ts";

/** What a crawl works with. */
export interface Crawl {
  readonly journal: Journal;
  readonly pages: KeptPages;
  readonly visitor: Visitor;
  readonly robots: Robots;
  readonly pace: Pace;
  readonly loggedIn: boolean;
}

/** After so many pages in a row that are none, something is wrong with more than a page. */
const mostSuspects = 3;

/**
 * Visits addresses one after the other and keeps their pages. What became of each is in the journal before the next
 * is asked for. Throws StudyError after three pages in a row that could not be had; the same command goes on there.
 */
export async function crawl(addresses: readonly AddressRow[], tools: Crawl, effects: Effects): Promise<void> {
  const progress = effects.progress("fetching pages", addresses.length);
  let suspects = 0;
  try {
    for (const { address, headline } of addresses) {
      if (!tools.robots.allows(address)) {
        tools.journal.reach(address, "blocked", timestamp(effects), { note: "robots.txt" });
        progress.step("left out by robots.txt");
        continue;
      }
      await tools.pace();
      tools.journal.begin(address, timestamp(effects));
      const trouble = await fetchPage(address, tools, effects);
      if (trouble) effects.warn(`${address} ${trouble.message}`);
      suspects = trouble && !trouble.single ? suspects + 1 : 0;
      if (trouble && suspects >= mostSuspects) throw stopped(trouble);
      progress.step(headline.slice(0, 40));
    }
  } finally {
    progress.end();
  }
}

/** Fetches and keeps one page; resolves to what was in the way, where something was. */
async function fetchPage(address: string, tools: Crawl, effects: Effects): Promise<Trouble | undefined> {
  const { journal, pages, visitor } = tools;
  let visited: VisitedPage;
  try {
    visited = await visitor.visit(address);
  } catch (thrown) {
    effects.signal.throwIfAborted();
    const message = `could not be fetched: ${messageOf(thrown)}`;
    journal.reach(address, "failed", timestamp(effects), { note: message });
    return { message, mend: "look at the connection, then use --retry-failed", single: false };
  }

  const wall = wallOf(visited);
  // A page that no story could be read from is kept as well: a later version may read it.
  const kept = !wall || wall === "no stories" ? { hash: await pages.keep(address, visited.html) } : {};
  if (!wall) {
    journal.reach(address, "fetched", timestamp(effects), kept);
    return undefined;
  }
  const state = isBarred(wall) ? "blocked" : "failed";
  journal.reach(address, state, timestamp(effects), { ...kept, note: wall });
  return { ...explained(wall, tools.loggedIn), single: wall === "gone" };
}

interface Trouble {
  readonly message: string;
  readonly mend: string;
  /** True where it says nothing of other pages. */
  readonly single: boolean;
}

const stopped = ({ message, mend }: Trouble) =>
  new StudyError(`stopped after ${mostSuspects} pages in a row that could not be had; the last ${message}`, {
    hint: `${mend}; then run with --retry-failed (--reparse makes a corpus of the pages that there are)`,
  });

/**
 * Addresses that a kill left in the middle: where the page was already on disk it counts as fetched, where it was
 * not it is to be fetched again.
 */
export async function recover(journal: Journal, pages: KeptPages, effects: Effects): Promise<void> {
  for (const { address, state } of journal.addresses()) {
    if (state !== "fetching") continue;
    const html = await pages.read(address);
    if (html === undefined) journal.reach(address, "discovered", timestamp(effects));
    else journal.reach(address, "fetched", timestamp(effects), { hash: sha256(html) });
  }
}
