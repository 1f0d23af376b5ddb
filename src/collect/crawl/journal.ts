import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import type Database from "libsql";
import { messageOf, StudyError } from "../../workbench/errors.ts";

/** The state of an address. `fetching` remains only after a kill. */
export type AddressState = "discovered" | "fetching" | "fetched" | "parsed" | "failed" | "blocked" | "purged";

export interface AddressRow {
  readonly address: string;
  readonly headline: string;
  readonly published: string;
  readonly state: AddressState;
  /** Number of requests. */
  readonly attempts: number;
  /** When the state was reached, ISO 8601. */
  readonly at: string;
  /** SHA-256 of the stored page. */
  readonly hash: string;
  /** Why it failed or was blocked. */
  readonly note: string;
}

/** One query for a range of days, and how far its result pages were read. */
export interface SearchWindow {
  readonly query: string;
  readonly since: string;
  readonly until: string;
  readonly nextPage: number;
  readonly hits: number;
  readonly state: "open" | "done" | "divided";
}

/**
 * The record of a crawl, one row per address, in `collected/crawl.sqlite`. Each change is on disk before the next
 * step, so a kill loses at most the current request. Only one process at a time can open it.
 */
export class Journal {
  readonly #database: Database.Database;

  /** Throws StudyError if another process has opened the journal, or if the file is not a journal. */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    try {
      // Loaded here, since most commands open no journal.
      const Libsql: typeof Database = createRequire(import.meta.url)("libsql");
      this.#database = new Libsql(path);
      // The system releases this lock after a kill; our own lock file would remain.
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
        { hint: busy ? "wait for it or stop it" : "move the file away to start again", cause },
      );
    }
  }

  close(): void {
    // The library closes fully only after garbage collection, so release the lock explicitly.
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

  /** Stores the posts of a result page and that it was read, both or neither. */
  addResults(
    window: SearchWindow,
    posts: readonly Pick<AddressRow, "address" | "headline" | "published">[],
    at: string,
  ): void {
    this.#database.transaction(() => {
      const add = this.#database.prepare(
        "INSERT OR IGNORE INTO addresses (address, headline, published, state, at) VALUES (?, ?, ?, 'discovered', ?)",
      );
      for (const { address, headline, published } of posts) add.run(address, headline, published, at);
      this.#saveWindow(window);
    })();
  }

  /** The window and its progress; a new one starts at page 0. */
  window(query: string, since: string, until: string): SearchWindow {
    const row = this.#database
      .prepare("SELECT * FROM windows WHERE query = ? AND since = ? AND until = ?")
      .get(query, since, until) as SearchWindow | undefined;
    return row ?? { query, since, until, nextPage: 0, hits: 0, state: "open" };
  }

  markFetching(address: string, at: string): void {
    this.#database
      .prepare("UPDATE addresses SET state = 'fetching', attempts = attempts + 1, at = ? WHERE address = ?")
      .run(at, address);
  }

  setState(
    address: string,
    state: AddressState,
    at: string,
    details: { hash?: string; note?: string } = {},
  ): void {
    this.#database
      .prepare("UPDATE addresses SET state = ?, at = ?, hash = coalesce(?, hash), note = ? WHERE address = ?")
      .run(state, at, details.hash ?? null, details.note ?? "", address);
  }

  #saveWindow({ query, since, until, nextPage, hits, state }: SearchWindow): void {
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
