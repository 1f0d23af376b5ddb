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
 * Opens the store with a study's answers and brings its tables up to date; a study without a store gets one. The embedded
 * store is locked while it is open, so that no second process uses it. Throws StudyError if the store is in use,
 * unreachable, damaged, missing, or belongs to another study; then nothing is written to the study or the store.
 */
export async function openDatabase(study: Study, env: Environment): Promise<Database> {
  return (await storeKind(study, env)) === "postgres"
    ? openPostgres(study, env[databaseVariable]!)
    : openEmbedded(study);
}

async function openEmbedded(study: Study): Promise<Database> {
  const path = study.path(storeFile);
  // Not SQLite's exclusive mode: the driver releases that only when its statements are garbage-collected.
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
 * The study's record of its embedded store; undefined for a store made by version 0.1. A new store is made only if the
 * study never had one. Throws StudyError if the store is missing or empty.
 */
async function embeddedRecord(study: Study): Promise<StoreRecord | undefined> {
  const record = await readStoreRecord(study);
  const path = study.path(storeFile);
  const size = async (file: string) => (await stat(file).catch(() => undefined))?.size;
  const found = await size(path);
  if (found !== undefined && found > 0) return record;
  if (record?.made || (await size(`${path}-wal`))) {
    const what = found === undefined ? "is missing" : "is empty";
    throw new StudyError(`${path}, the store with the answers of this study, ${what}`, {
      hint: `restore a backup (\`tinylove backup\` writes them to backups/); to start without answers, move ${storeRecordFile}, judgments/ and any remaining ${storeFile} files away`,
    });
  }
  // A power cut while the store was being made leaves it empty. Its record, written before, says that it was incomplete.
  await assertNoAnswersYet(study, storeFile, record && exportedAnswers);
  return record ?? (await beginStoreRecord(study, "embedded"));
}

/** Throws StudyError if a store belongs to another study. A store of version 0.1, which has no id, gets the study's. */
async function assertOwnStore(
  database: Database,
  study: Study,
  record: StoreRecord | undefined,
  where: string,
): Promise<void> {
  const found = await studyIdIn(database);
  const id = found ?? record?.id ?? randomId();
  if (record && record.id !== id) {
    throw new StudyError(`${where} has the answers of another study`, {
      hint: `restore this study's own store; if the one there is right, remove ${storeRecordFile}`,
    });
  }
  if (found === undefined) await setStudyId(database, id);
  await recordStore(study, { ...(record ?? { store: "embedded", id }), made: true });
}

/** The row of table `fact` with the study's id. */
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
  // Version 0.1 left the answers of withdrawn participants in free pages of the file.
  if (!locksRows(database)) {
    const withdrawn = await database
      .selectFrom("participant")
      .select("id")
      .where("withdrawn", "is not", null)
      .limit(1)
      .execute();
    if (withdrawn.length > 0) await sql`VACUUM`.execute(database);
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

/** The study's record of its schema in the database. A study without a record uses the schema of version 0.1 or gets a new one. */
async function postgresRecord(study: Study, address: string): Promise<StoreRecord> {
  const client = new pg.Client({ connectionString: address, connectionTimeoutMillis: 5000 });
  client.on("error", () => {});
  try {
    await client.connect();
    const record = (await readStoreRecord(study)) ?? (await firstRecord(study, client));
    const folder = await folderId(study);
    if (record.folder !== undefined && record.folder !== folder) {
      throw new StudyError("this folder is a copy of the study whose answers are in the database", {
        hint: `for separate answers, remove ${storeRecordFile} and judgments/ from the copy; to share the answers (on another machine, or after moving the folder), remove the line "folder" from ${storeRecordFile}`,
      });
    }
    if (record.made && !(await hasSchema(client, record.schema!))) {
      throw new StudyError(`the database of ${databaseVariable} does not have the answers of this study`, {
        hint: `it has no schema ${record.schema}: correct the address, restore a dump, or move ${storeRecordFile} and judgments/ away to start again`,
      });
    }
    return { ...record, folder };
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * Makes the record of a study that has none. It names the schema of version 0.1, which had only the study's name, if that
 * schema is for this study's texts; otherwise a new schema. Throws StudyError if another folder already uses the schema of
 * version 0.1: the two would split the answers of one study.
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
  // Another process in the same folder may have written it first.
  const record = await readStoreRecord(study);
  if (record) return record;
  throw new StudyError(`the answers in ${schema} of the database belong to another folder of this study`, {
    hint: `to share them, copy ${storeRecordFile} from there without its line "folder"; for separate answers, change the study's name`,
  });
}

async function hasSchema(client: pg.Client, schema: string, table = "participant"): Promise<boolean> {
  const { rows } = await client.query("SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = $2", [
    schema,
    table,
  ]);
  return rows.length > 0;
}

/** Opens the store; undefined if another process has it open. */
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

/** SQLite in WAL mode with a sync at every commit. */
async function sqliteDialect(path: string, unlock: () => void): Promise<SqliteDialect> {
  await restrictToOwner(path);
  let file: Libsql.Database | undefined;
  try {
    file = new Libsql(path);
    assertIntact(file, path);
    file.pragma("journal_mode = WAL");
    file.pragma("synchronous = FULL");
    // A checkpoint every 16 MB: rarely enough that a page is written once for many answers.
    file.pragma("wal_autocheckpoint = 4000");
    file.pragma("cache_size = -8000");
    // Deleted answers are overwritten.
    file.pragma("secure_delete = ON");
    assertDurable(file, path);
    // A read-only disk fails here, not at the first answer.
    file.exec("BEGIN; PRAGMA user_version = 0; ROLLBACK");
    return new SqliteDialect({ database: withStatementCache(file, path, unlock) });
  } catch (cause) {
    if (file?.open) file.close();
    throw cause;
  }
}

/** Makes the store readable by its owner only, and with it the log and index, which inherit its mode. */
async function restrictToOwner(path: string): Promise<void> {
  // An existing file is not opened here: closing it would release the locks that this process has on it.
  await open(path, "wx", 0o600)
    .then((file) => file.close())
    .catch((thrown) => {
      if (codeOf(thrown) !== "EEXIST") throw thrown;
    });
  for (const file of [path, `${path}-wal`, `${path}-shm`, lockFileOf(path)]) {
    await chmod(file, 0o600).catch((thrown) => {
      // The mode of another user's file is up to that user.
      if (!["ENOENT", "EPERM", "EROFS"].includes(codeOf(thrown) ?? "")) throw thrown;
    });
  }
}

/** Finds damage at opening, not weeks later on the damaged page. Throws StudyError, also for another program's file. */
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
    `${path} is damaged or not a survey store${how ? ` (${how.replace(/\s+/g, " ").slice(0, 80)})` : ""}`,
    {
      hint: "restore a backup; judgments/ is unchanged",
      cause,
    },
  );

/** With synchronous=NORMAL a power cut loses acknowledged answers, so the settings are read back and checked. */
function assertDurable(file: Libsql.Database, path: string): void {
  const value = (pragma: string) => Object.values((file.pragma(pragma) as object[])[0] ?? {})[0];
  const found = { journal: value("journal_mode"), synchronous: value("synchronous") };
  if (found.journal !== "wal" || found.synchronous !== 2) {
    throw new StudyError(
      `${path} cannot be stored safely here (journal ${found.journal}, synchronous ${found.synchronous})`,
      { hint: "put the study on a local disk" },
    );
  }
}

/** Kysely prepares a statement at each use, which is most of the cost of a small query; this caches them. */
function withStatementCache(file: Libsql.Database, path: string, unlock: () => void) {
  const cached = new Map<string, SqliteStatement>();
  return {
    close() {
      // The whole log is written into the store, so that one file has everything and can be moved.
      try {
        file.pragma("wal_checkpoint(TRUNCATE)");
        if (!existsSync(path)) rewriteFile(file, path);
      } catch {
        // On a full or read-only disk the answers stay in the log; the next opening reads them.
      }
      file.close();
      unlock();
    },
    prepare(sql: string): SqliteStatement {
      const known = cached.get(sql);
      if (known) return known;
      const statement = file.prepare(sql) as unknown as SqliteStatement;
      if (cached.size < 500) cached.set(sql, statement);
      return statement;
    },
  };
}

/** Writes the store again if its file was deleted while it was open. */
function rewriteFile(file: Libsql.Database, path: string): void {
  writeFileSync(path, "", { mode: 0o600 });
  file.prepare("VACUUM INTO ?").run(path);
}

const inUse = (path: string, cause?: unknown): StoreInUse =>
  new StoreInUse(`${path} is in use by another process`, {
    hint: "is the survey already running? stop it first",
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
      hint: "use that version or a newer one",
      cause,
    });
  }
  // SQLite's codes, and those of the system: EACCES, EROFS.
  if (/^(SQLITE_|E[A-Z]+$)/.test(code)) {
    return new StudyError(`cannot open ${path} (${code})`, {
      hint: "check that the disk has free space and that you may write to it",
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
    // By default counts and milliseconds arrive as text; all are far below 2^53.
    types: {
      getTypeParser: (oid: number, format?: "text" | "binary") =>
        oid === types.INT8 || oid === types.NUMERIC ? Number : pg.types.getTypeParser(oid, format as "text"),
    } as pg.CustomTypesConfig,
  });
  // A broken connection already fails its query; without a listener the event would end the process.
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
  const migrateToLatest = async () => {
    const { error } = await migrator.migrateToLatest();
    if (error) throw error;
  };
  if (!schema) return migrateToLatest();
  // Processes that start together create the schema one after the other: "if not exists" alone lets two collide.
  await database.connection().execute(async (connection) => {
    await sql`SELECT pg_advisory_lock(hashtext(${schema}))`.execute(connection);
    try {
      await database.schema.createSchema(schema).ifNotExists().execute();
      await migrateToLatest();
    } finally {
      await sql`SELECT pg_advisory_unlock(hashtext(${schema}))`.execute(connection);
    }
  });
}

const unreachable = (cause: unknown): StudyError =>
  new StudyError(`cannot use the database of ${databaseVariable} (${codeOf(cause) ?? "no answer"})`, {
    hint: "check that it is running, and the address, user name and password",
    cause,
  });
