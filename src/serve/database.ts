import {
  type ColumnType,
  Kysely,
  Migrator,
  PostgresDialect,
  SqliteDialect,
  type SqliteStatement,
  sql,
  type Transaction,
} from "kysely";
import Libsql from "libsql";
import pg from "pg";
import { lockOf, storeFile } from "../workbench/answers.ts";
import { codeOf, StudyError } from "../workbench/errors.ts";
import { held } from "../workbench/held.ts";
import type { Study } from "../workbench/study.ts";
import { migrations } from "./migrations.ts";

/** The environment variable that names a PostgreSQL database instead of the embedded store. */
export const databaseVariable = "TINYLOVE_DATABASE";

/** What is kept. Identifiers are random text, times are milliseconds since 1970, lists and objects are JSON text. */
export interface Tables {
  participant: {
    id: string;
    /** SHA-256 of the secret in the participant's cookie. */
    secret: string;
    form: string;
    /** The questions as they are shown to this participant, in order: JSON of `ShownPlan`. */
    plan: string;
    started: number;
    /** Until when the place on the form is kept without a further answer. */
    reserved: number;
    completed: number | null;
    withdrawn: number | null;
    simulated: ColumnType<number, number, never>;
  };
  answer: {
    participant: string;
    question: string;
    position: number;
    task: string;
    stimuli: string;
    side: string | null;
    response: string;
    ms: number | null;
    at: number;
    /** The idempotency key of the page that was posted, and what was posted: the same key is answered the same way again. */
    key: string | null;
    digest: string | null;
  };
  /** The keys of answers that were changed since: they stay used up. */
  submission: { participant: string; key: string; digest: string };
  /** Whom a recruiting service or an invitation sent; never exported. */
  recruit: { service: string; person: string; participant: string; study: string; visit: string };
  /** What pages noticed of how they were filled in: see `signs.ts`. */
  sign: { participant: string; question: string; sign: string };
  /** What the store knows of itself: the secret of its seals, the material it asks about, the lock of allocation. */
  fact: { name: string; value: string };
}

export type Database = Kysely<Tables>;
export type Writing = Transaction<Tables>;

/** True where the answers of this study are kept in a PostgreSQL database. */
export const usesPostgres = (env: Readonly<Record<string, string | undefined>>): boolean =>
  Boolean(env[databaseVariable]);

/**
 * Opens a study's database and brings its tables up to date. The embedded store is locked for as long as it is
 * open, so that no second process shares it. Throws StudyError when it is in use, unreachable or damaged.
 */
export async function openDatabase(
  study: Study,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Database> {
  const address = env[databaseVariable];
  const database = new Kysely<Tables>({
    dialect: address ? postgres(address, schemaOf(study)) : await embedded(study.path(storeFile)),
  });
  try {
    await migrate(database, address ? schemaOf(study) : undefined);
    return database;
  } catch (cause) {
    await database.destroy().catch(() => {});
    throw address ? unreachable(cause) : openFailed(study.path(storeFile), cause);
  }
}

/** The same database, unless another process has it open. */
export async function openUnlessInUse(
  study: Study,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Database | undefined> {
  try {
    return await openDatabase(study, env);
  } catch (thrown) {
    if (thrown instanceof StoreInUse) return undefined;
    throw thrown;
  }
}

/** Another process has the embedded store open. */
export class StoreInUse extends StudyError {}

/** SQLite in WAL mode with a sync at every commit, and nobody else's while it is open. */
async function embedded(path: string): Promise<SqliteDialect> {
  // The store's own exclusive mode would do, but the driver lets go of that only when its statements are garbage.
  const unlock = await held(lockOf(path)).catch((cause: unknown) => {
    throw openFailed(path, cause);
  });
  if (!unlock) throw inUse(path);
  let file: Libsql.Database | undefined;
  try {
    file = new Libsql(path);
    file.pragma("journal_mode = WAL");
    file.pragma("synchronous = FULL");
    // The log goes into the store every 16 MB: seldom enough that a page is written once for many answers.
    file.pragma("wal_autocheckpoint = 4000");
    file.pragma("cache_size = -8000");
    assertDurable(file, path);
    // A disk that is read-only shows here, and not at the first answer.
    file.exec("BEGIN; PRAGMA user_version = 0; ROLLBACK");
    return new SqliteDialect({ database: withStatementsKept(file, unlock) });
  } catch (cause) {
    if (file?.open) file.close();
    unlock();
    throw openFailed(path, cause);
  }
}

/** A store that falls back to NORMAL loses acknowledged answers at a power cut, so the setting is asked for, not trusted. */
function assertDurable(file: Libsql.Database, path: string): void {
  const value = (pragma: string) => Object.values((file.pragma(pragma) as object[])[0] ?? {})[0];
  const found = { journal: value("journal_mode"), synchronous: value("synchronous") };
  if (found.journal !== "wal" || found.synchronous !== 2) {
    throw new StudyError(
      `${path} cannot be kept safely here (journal ${found.journal}, synchronous ${found.synchronous})`,
      { hint: "put the study on a local disk" },
    );
  }
}

/** Kysely asks for each statement anew; preparing is most of the cost of a small query. */
function withStatementsKept(file: Libsql.Database, unlock: () => void) {
  const kept = new Map<string, SqliteStatement>();
  return {
    close() {
      // All of the log goes into the store itself: one file holds everything, and can be moved.
      try {
        file.pragma("wal_checkpoint(TRUNCATE)");
      } catch {
        // On a full or read-only disk the answers stay in the log, where the next opening finds them.
      }
      file.close();
      unlock();
    },
    prepare(sql: string): SqliteStatement {
      const known = kept.get(sql);
      if (known) return known;
      const statement = file.prepare(sql) as unknown as SqliteStatement;
      if (kept.size < 500) kept.set(sql, statement);
      return statement;
    },
  };
}

const inUse = (path: string, cause?: unknown): StoreInUse =>
  new StoreInUse(`${path} is in use by another process`, {
    hint: "is the survey already being served? end that one first",
    cause,
  });

function openFailed(path: string, cause: unknown): unknown {
  const code = codeOf(cause) ?? "";
  if (code.startsWith("SQLITE_BUSY")) return inUse(path, cause);
  if (code.startsWith("SQLITE_NOTADB") || code.startsWith("SQLITE_CORRUPT")) {
    return new StudyError(`${path} is damaged or no survey store`, {
      hint: "restore a backup, or move it away to begin with an empty one",
      cause,
    });
  }
  // SQLite's own, or the system's: EACCES, EROFS.
  if (/^(SQLITE_|E[A-Z]+$)/.test(code)) {
    return new StudyError(`cannot open ${path} (${code})`, {
      hint: "is there room on the disk, and may it be written?",
      cause,
    });
  }
  return cause;
}

/** Each study has a schema of its own, so that several share a database. */
const schemaOf = (study: Study): string => `tinylove_${study.config.name.replaceAll("-", "_")}`;

const types = pg.types.builtins;

function postgres(address: string, schema: string): PostgresDialect {
  const pool = new pg.Pool({
    connectionString: address,
    max: 8,
    connectionTimeoutMillis: 5000,
    options: `-c search_path=${schema} -c synchronous_commit=on`,
    // Counts and milliseconds come as text by default; they are all well below 2^53.
    types: {
      getTypeParser: (oid: number, format?: "text" | "binary") =>
        oid === types.INT8 || oid === types.NUMERIC ? Number : pg.types.getTypeParser(oid, format as "text"),
    } as pg.CustomTypesConfig,
  });
  // A connection that breaks fails its query, and whoever asked is told; the event alone would end the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return new PostgresDialect({ pool });
}

async function migrate(database: Database, schema: string | undefined): Promise<void> {
  const migrator = new Migrator({
    db: database,
    provider: { getMigrations: async () => migrations },
    ...(schema && { migrationTableSchema: schema }),
  });
  const bringUp = async () => {
    const { error } = await migrator.migrateToLatest();
    if (error) throw error;
  };
  if (!schema) return bringUp();
  // Processes that start together make the schema one after the other: "if not exists" alone lets two collide.
  await database.connection().execute(async (alone) => {
    await sql`SELECT pg_advisory_lock(hashtext(${schema}))`.execute(alone);
    try {
      await database.schema.createSchema(schema).ifNotExists().execute();
      await bringUp();
    } finally {
      await sql`SELECT pg_advisory_unlock(hashtext(${schema}))`.execute(alone);
    }
  });
}

const unreachable = (cause: unknown): StudyError =>
  new StudyError(`cannot use the database of ${databaseVariable} (${codeOf(cause) ?? "no answer"})`, {
    hint: "is it running, and are the address, the name and the password right?",
    cause,
  });
