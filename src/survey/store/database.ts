import { existsSync, writeFileSync } from "node:fs";
import { chmod, open, stat } from "node:fs/promises";
import { Kysely, Migrator, PostgresDialect, SqliteDialect, type SqliteStatement, sql } from "kysely";
import Libsql from "libsql";
import pg from "pg";
import { exportedAnswers, lockFileOf, storeFile } from "../../registration/assert-not-frozen.ts";
import { codeOf, messageOf, StudyError } from "../../workbench/errors.ts";
import { fileLock } from "../../workbench/file-lock.ts";
import type { Study } from "../../workbench/study.ts";
import { randomId } from "../ids.ts";
import { readStudyMaterials } from "../study-materials.ts";
import { migrations } from "./migrations.ts";
import { locksRows } from "./prepared-statement.ts";
import type { Database, Tables } from "./schema.ts";
import {
  assertNoAnswersYet,
  beginStoreRecord,
  databaseVariable,
  type Environment,
  folderId,
  readStoreRecord,
  recordStore,
  type StoreRecord,
  schemaOf01,
  storeKind,
  storeRecordFile,
} from "./store-record.ts";

/**
 * Opens the store that holds a study's answers and brings its tables up to date; a study that has none yet gets one. The
 * embedded store is locked for as long as it is open, so that no second process shares it. Throws StudyError when the
 * store is in use, unreachable, damaged, missing, or another study's: nothing is then written, in the study or the store.
 */
export async function openDatabase(study: Study, env: Environment): Promise<Database> {
  return (await storeKind(study, env)) === "postgres"
    ? openPostgres(study, env[databaseVariable]!)
    : openEmbedded(study);
}

async function openEmbedded(study: Study): Promise<Database> {
  const path = study.path(storeFile);
  // The store's own exclusive mode would do, but the driver lets go of that only when its statements are garbage.
  const unlock = await fileLock(lockFileOf(path)).catch((cause: unknown) => {
    throw openFailed(path, cause);
  });
  if (!unlock) throw inUse(path);
  let database: Database | undefined;
  try {
    const record = await embeddedRecord(study);
    database = new Kysely<Tables>({ dialect: await sqliteDialect(path, unlock) });
    await migrate(database, undefined);
    await assertOwnStore(database, study, record, path);
    return database;
  } catch (cause) {
    if (database) await database.destroy().catch(() => {});
    else unlock();
    throw openFailed(path, cause);
  }
}

/**
 * The study's record of its embedded store; undefined for a store made by version 0.1. A store is made only where the
 * study never had one: throws StudyError where it is gone or empty.
 */
async function embeddedRecord(study: Study): Promise<StoreRecord | undefined> {
  const record = await readStoreRecord(study);
  const path = study.path(storeFile);
  const size = async (file: string) => (await stat(file).catch(() => undefined))?.size;
  const found = await size(path);
  if (found !== undefined && found > 0) return record;
  if (record?.made || (await size(`${path}-wal`))) {
    const what = found === undefined ? "is not there" : "is empty";
    throw new StudyError(`${path}, which holds the answers of this study, ${what}`, {
      hint: `restore a backup (\`tinylove backup\` puts them into backups/); to begin without answers, move ${storeRecordFile} and judgments/ away, and what is left of ${storeFile}`,
    });
  }
  // A store whose making a power cut ended is empty: its record, which came before it, says that it was never whole.
  await assertNoAnswersYet(study, storeFile, record && exportedAnswers);
  return record ?? (await beginStoreRecord(study, "embedded"));
}

/** Throws StudyError where a store is another study's; one of version 0.1, which has no id, gets the study's. */
async function assertOwnStore(
  database: Database,
  study: Study,
  record: StoreRecord | undefined,
  where: string,
): Promise<void> {
  const found = await studyIdIn(database);
  const id = found ?? record?.id ?? randomId();
  if (record && record.id !== id) {
    throw new StudyError(`${where} holds the answers of another study`, {
      hint: `bring this study's own store back; if the one there is right, remove ${storeRecordFile}`,
    });
  }
  if (found === undefined) await setStudyId(database, id);
  await recordStore(study, { ...(record ?? { store: "embedded", id }), made: true });
}

/** The name of the fact that holds the study's id. */
const studyFact = "study";

async function studyIdIn(database: Database): Promise<string | undefined> {
  const row = await database
    .selectFrom("fact")
    .select("value")
    .where("name", "=", studyFact)
    .executeTakeFirst();
  return row?.value;
}

/** Gives a store the id of its study, once. */
async function setStudyId(database: Database, id: string): Promise<void> {
  // Version 0.1 left the text of who withdrew in the free pages of the file.
  if (!locksRows(database)) {
    const gone = await database
      .selectFrom("participant")
      .select("id")
      .where("withdrawn", "is not", null)
      .limit(1)
      .execute();
    if (gone.length > 0) await sql`VACUUM`.execute(database);
  }
  await database
    .insertInto("fact")
    .values({ name: studyFact, value: id })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .execute();
}

async function openPostgres(study: Study, address: string): Promise<Database> {
  let database: Database | undefined;
  try {
    const record = await postgresRecord(study, address);
    database = new Kysely<Tables>({ dialect: postgresDialect(address, record.schema!) });
    await migrate(database, record.schema);
    await assertOwnStore(database, study, record, `the database of ${databaseVariable}`);
    return database;
  } catch (cause) {
    await database?.destroy().catch(() => {});
    throw cause instanceof StudyError ? cause : unreachable(cause);
  }
}

/** The study's record of its schema in the database; a study without one takes over what version 0.1 left, or gets a new one. */
async function postgresRecord(study: Study, address: string): Promise<StoreRecord> {
  const client = new pg.Client({ connectionString: address, connectionTimeoutMillis: 5000 });
  client.on("error", () => {});
  try {
    await client.connect();
    const record = (await readStoreRecord(study)) ?? (await firstRecord(study, client));
    const mark = await folderId(study);
    if (record.folder !== undefined && record.folder !== mark) {
      throw new StudyError("this folder is a copy of the study whose answers are in the database", {
        hint: `for answers of its own, remove ${storeRecordFile} and judgments/ from the copy; to share the answers (on another machine, or after moving the folder), remove the line "folder" from ${storeRecordFile}`,
      });
    }
    if (record.made && !(await hasSchema(client, record.schema!))) {
      throw new StudyError(`the database of ${databaseVariable} does not hold the answers of this study`, {
        hint: `it has no schema ${record.schema}: is the address right? restore a dump, or move ${storeRecordFile} and judgments/ away to begin anew`,
      });
    }
    return { ...record, folder: mark };
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * A record for a study that has none: of the schema of version 0.1, which had the study's name alone, where it asks about
 * this study's texts, else of a new one. Throws StudyError where another folder has taken that schema over already: the
 * two would split the answers of one study.
 */
async function firstRecord(study: Study, client: pg.Client): Promise<StoreRecord> {
  const schema = schemaOf01(study);
  const facts = (await hasSchema(client, schema, "fact"))
    ? await client.query<{ name: string; value: string }>(
        `SELECT name, value FROM ${schema}.fact WHERE name IN ('material', '${studyFact}')`,
      )
    : { rows: [] };
  const fact = (wanted: string) => facts.rows.find(({ name }) => name === wanted)?.value;
  const served = fact("material") && (await readStudyMaterials(study).catch(() => undefined))?.hash;
  if (!served || served !== fact("material")) {
    await assertNoAnswersYet(study, "the database");
    return beginStoreRecord(study, "postgres");
  }
  if (fact(studyFact) === undefined) return beginStoreRecord(study, "postgres", schema);
  // Another process of this very folder may have been quicker.
  const record = await readStoreRecord(study);
  if (record) return record;
  throw new StudyError(`the answers in ${schema} of the database belong to another folder of this study`, {
    hint: `to share them, copy ${storeRecordFile} from there without its line "folder"; for answers of its own, change the study's name`,
  });
}

async function hasSchema(client: pg.Client, schema: string, table = "participant"): Promise<boolean> {
  const { rows } = await client.query("SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = $2", [
    schema,
    table,
  ]);
  return rows.length > 0;
}

/** The same database, unless another process has it open. */
export async function openUnlessInUse(study: Study, env: Environment): Promise<Database | undefined> {
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
async function sqliteDialect(path: string, unlock: () => void): Promise<SqliteDialect> {
  await restrictToOwner(path);
  let file: Libsql.Database | undefined;
  try {
    file = new Libsql(path);
    assertIntact(file, path);
    file.pragma("journal_mode = WAL");
    file.pragma("synchronous = FULL");
    // The log goes into the store every 16 MB: seldom enough that a page is written once for many answers.
    file.pragma("wal_autocheckpoint = 4000");
    file.pragma("cache_size = -8000");
    // What a withdrawal deletes is written over.
    file.pragma("secure_delete = ON");
    assertDurable(file, path);
    // A disk that is read-only shows here, and not at the first answer.
    file.exec("BEGIN; PRAGMA user_version = 0; ROLLBACK");
    return new SqliteDialect({ database: withStatementCache(file, path, unlock) });
  } catch (cause) {
    if (file?.open) file.close();
    throw cause;
  }
}

/** The store is for its owner alone, and so are its log and its index, which take their mode from it. */
async function restrictToOwner(path: string): Promise<void> {
  // A file that is there is not opened: at its closing the system would let go of what this process holds of it.
  await open(path, "wx", 0o600)
    .then((file) => file.close())
    .catch((thrown) => {
      if (codeOf(thrown) !== "EEXIST") throw thrown;
    });
  for (const file of [path, `${path}-wal`, `${path}-shm`, lockFileOf(path)]) {
    await chmod(file, 0o600).catch((thrown) => {
      // Another owner's file is as private as its owner made it.
      if (!["ENOENT", "EPERM", "EROFS"].includes(codeOf(thrown) ?? "")) throw thrown;
    });
  }
}

/** Damage shows at opening, and not weeks later at the page that it hit. Throws StudyError for another program's file as well. */
function assertIntact(file: Libsql.Database, path: string): void {
  const found = file.pragma("quick_check(1)") as { quick_check: string }[];
  if (found[0]?.quick_check !== "ok") throw damaged(path, found[0]?.quick_check);
  const tables = file.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as {
    name: string;
  }[];
  const foreign = tables.length > 0 && !tables.some(({ name }) => name === "kysely_migration");
  if (foreign) throw damaged(path, `it has a table ${tables[0]!.name}`);
}

const damaged = (path: string, how: string | undefined, cause?: unknown): StudyError =>
  new StudyError(
    `${path} is damaged or no survey store${how ? ` (${how.replace(/\s+/g, " ").slice(0, 80)})` : ""}`,
    {
      hint: "restore a backup; judgments/ stays as it is",
      cause,
    },
  );

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
function withStatementCache(file: Libsql.Database, path: string, unlock: () => void) {
  const kept = new Map<string, SqliteStatement>();
  return {
    close() {
      // All of the log goes into the store itself: one file holds everything, and can be moved.
      try {
        file.pragma("wal_checkpoint(TRUNCATE)");
        if (!existsSync(path)) rewriteFile(file, path);
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

/** A store whose file somebody deleted while it was open still has everything, until it is closed. */
function rewriteFile(file: Libsql.Database, path: string): void {
  writeFileSync(path, "", { mode: 0o600 });
  file.prepare("VACUUM INTO ?").run(path);
}

const inUse = (path: string, cause?: unknown): StoreInUse =>
  new StoreInUse(`${path} is in use by another process`, {
    hint: "is the survey already being served? end that one first",
    cause,
  });

function openFailed(path: string, cause: unknown): unknown {
  if (cause instanceof StudyError) return cause;
  const code = codeOf(cause) ?? "";
  if (code.startsWith("SQLITE_BUSY")) return inUse(path, cause);
  if (code.startsWith("SQLITE_NOTADB") || code.startsWith("SQLITE_CORRUPT")) {
    return damaged(path, undefined, cause);
  }
  if (/^corrupted migrations/.test(messageOf(cause))) {
    return new StudyError(`${path} was written by a newer version`, {
      hint: "use that version, or a newer one",
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

const types = pg.types.builtins;

function postgresDialect(address: string, schema: string): PostgresDialect {
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
