import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import type Database from "libsql";
import { messageOf, StudyError } from "../../workbench/errors.ts";

/** How far an address has come. `fetching` is left behind only by a kill. */
export type AddressState = "discovered" | "fetching" | "fetched" | "parsed" | "failed" | "blocked" | "purged";

export interface AddressRow {
  readonly address: string;
  readonly headline: string;
  readonly published: string;
  readonly state: AddressState;
  /** Requests begun. */
  readonly attempts: number;
  /** ISO 8601; when the state was reached. */
  readonly at: string;
  /** SHA-256 of the page as kept. */
  readonly hash: string;
  /** Why it failed or was blocked. */
  readonly note: string;
}

/** One query over one span of days, and how far it was paged through. */
export interface SearchWindow {
  readonly query: string;
  readonly since: string;
  readonly until: string;
  readonly nextPage: number;
  readonly hits: number;
  readonly state: "open" | "done" | "divided";
}

/**
 * What a crawl has done, a row an address, in `collected/crawl.sqlite`. Each change is on disk before the next step
 * is taken, so that a kill at any moment loses no more than the request in flight. One process at a time holds it.
 */
export class Journal {
  readonly #database: Database.Database;

  /** Throws StudyError when another process holds the journal, or when the file is none. */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    try {
      // Loaded here, since most commands open no journal.
      const Libsql: typeof Database = createRequire(import.meta.url)("libsql");
      this.#database = new Libsql(path);
      // The system releases the lock of a process that was killed; a lock of our own would stay.
      this.#database.exec(`
        PRAGMA locking_mode = EXCLUSIVE;
        PRAGMA journal_mode = DELETE;
        PRAGMA synchronous = FULL;
        BEGIN EXCLUSIVE;
        ${schema}
        COMMIT;`);
    } catch (cause) {
      const busy = /locked|busy/i.test(messageOf(cause));
      throw new StudyError(
        busy ? "another `tinylove` is collecting in this study" : `cannot open ${path}: ${messageOf(cause)}`,
        { hint: busy ? "wait for it or stop it" : "move the file away to begin anew", cause },
      );
    }
  }

  close(): void {
    // The library closes for good only when its statements are collected; the lock is given back by hand.
    this.#database.exec("PRAGMA locking_mode = NORMAL");
    this.#database.prepare("SELECT count(*) FROM windows").get();
    this.#database.close();
  }

  /** Every address, in order of publication. */
  addresses(): AddressRow[] {
    return this.#database
      .prepare("SELECT * FROM addresses ORDER BY published, address")
      .all() as AddressRow[];
  }

  /** Keeps what a page of search results held and that it was read, both or neither. */
  found(
    window: SearchWindow,
    posts: readonly Pick<AddressRow, "address" | "headline" | "published">[],
    at: string,
  ): void {
    this.#database.transaction(() => {
      const add = this.#database.prepare(
        "INSERT OR IGNORE INTO addresses (address, headline, published, state, at) VALUES (?, ?, ?, 'discovered', ?)",
      );
      for (const { address, headline, published } of posts) add.run(address, headline, published, at);
      this.#keepWindow(window);
    })();
  }

  /** The window as far as it was paged; a new one begins at page 0. */
  window(query: string, since: string, until: string): SearchWindow {
    const row = this.#database
      .prepare("SELECT * FROM windows WHERE query = ? AND since = ? AND until = ?")
      .get(query, since, until) as SearchWindow | undefined;
    return row ?? { query, since, until, nextPage: 0, hits: 0, state: "open" };
  }

  begin(address: string, at: string): void {
    this.#database
      .prepare("UPDATE addresses SET state = 'fetching', attempts = attempts + 1, at = ? WHERE address = ?")
      .run(at, address);
  }

  reach(
    address: string,
    state: AddressState,
    at: string,
    details: { hash?: string; note?: string } = {},
  ): void {
    this.#database
      .prepare("UPDATE addresses SET state = ?, at = ?, hash = coalesce(?, hash), note = ? WHERE address = ?")
      .run(state, at, details.hash ?? null, details.note ?? "", address);
  }

  #keepWindow({ query, since, until, nextPage, hits, state }: SearchWindow): void {
    this.#database
      .prepare(
        "INSERT OR REPLACE INTO windows (query, since, until, nextPage, hits, state) VALUES (?, ?, ?, ?, ?, ?)",
      )
      .run(query, since, until, nextPage, hits, state);
  }
}

const schema = `
  CREATE TABLE IF NOT EXISTS addresses (
    address TEXT PRIMARY KEY,
    headline TEXT NOT NULL,
    published TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    at TEXT NOT NULL,
    hash TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT ''
  );
  CREATE TABLE IF NOT EXISTS windows (
    query TEXT NOT NULL,
    since TEXT NOT NULL,
    until TEXT NOT NULL,
    nextPage INTEGER NOT NULL,
    hits INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (query, since, until)
  );`;
