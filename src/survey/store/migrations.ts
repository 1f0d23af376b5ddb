import { type Kysely, type Migration, sql } from "kysely";

/**
 * The migrations of the tables. A released migration is never changed; new ones are added below. Each can run again after
 * it was interrupted. `text`, `bigint` and `integer` mean the same in SQLite and PostgreSQL.
 */
export const migrations: Record<string, Migration> = {
  "001-answers": {
    async up(database: Kysely<unknown>) {
      const { schema } = database;
      await schema
        .createTable("participant")
        .ifNotExists()
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("secret", "text", (column) => column.notNull().unique())
        .addColumn("form", "text", (column) => column.notNull())
        .addColumn("plan", "text", (column) => column.notNull())
        .addColumn("started", "bigint", (column) => column.notNull())
        .addColumn("reserved", "bigint", (column) => column.notNull())
        .addColumn("completed", "bigint")
        .addColumn("withdrawn", "bigint")
        .addColumn("simulated", "integer", (column) => column.notNull())
        .execute();
      await schema
        .createTable("answer")
        .ifNotExists()
        .addColumn("participant", "text", (column) => column.notNull())
        .addColumn("question", "text", (column) => column.notNull())
        .addColumn("position", "integer", (column) => column.notNull())
        .addColumn("task", "text", (column) => column.notNull())
        .addColumn("stimuli", "text", (column) => column.notNull())
        .addColumn("side", "text")
        .addColumn("response", "text", (column) => column.notNull())
        .addColumn("ms", "bigint")
        .addColumn("at", "bigint", (column) => column.notNull())
        .addPrimaryKeyConstraint("answer_once", ["participant", "question"])
        .execute();
      await schema
        .createTable("submission")
        .ifNotExists()
        .addColumn("participant", "text", (column) => column.notNull())
        .addColumn("key", "text", (column) => column.notNull())
        .addColumn("digest", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("submission_once", ["participant", "key"])
        .execute();
      await schema
        .createTable("fact")
        .ifNotExists()
        .addColumn("name", "text", (column) => column.primaryKey())
        .addColumn("value", "text", (column) => column.notNull())
        .execute();
    },
  },
  "002-recruits": {
    async up(database: Kysely<unknown>) {
      // A separate table, so that recruiting ids can be deleted without the answers.
      await database.schema
        .createTable("recruit")
        .ifNotExists()
        .addColumn("service", "text", (column) => column.notNull())
        .addColumn("person", "text", (column) => column.notNull())
        .addColumn("participant", "text", (column) => column.notNull())
        .addColumn("study", "text", (column) => column.notNull())
        .addColumn("visit", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("recruit_once", ["service", "person", "study"])
        .execute();
    },
  },
  "003-keys-with-answers": {
    async up(database: Kysely<unknown>) {
      const { schema } = database;
      // The row of an answer includes its idempotency key, so that one row is written. Keys of changed answers, and
      // those from before this migration, are in `submission`.
      for (const column of ["key", "digest"]) await addColumn(database, "answer", column);
      // Allocation counts completed and active participants: these indexes keep it from reading all others.
      await schema
        .createIndex("participant_completed")
        .ifNotExists()
        .on("participant")
        .column("form")
        .where(sql.ref("completed"), "is not", null)
        .where(sql.ref("withdrawn"), "is", null)
        .execute();
      await schema
        .createIndex("participant_answering")
        .ifNotExists()
        .on("participant")
        .columns(["form", "reserved"])
        .where(sql.ref("completed"), "is", null)
        .where(sql.ref("withdrawn"), "is", null)
        .execute();
    },
  },
  "004-signs": {
    async up(database: Kysely<unknown>) {
      await database.schema
        .createTable("sign")
        .ifNotExists()
        .addColumn("participant", "text", (column) => column.notNull())
        .addColumn("question", "text", (column) => column.notNull())
        .addColumn("sign", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("sign_once", ["participant", "question", "sign"])
        .execute();
    },
  },
  "005-used-ids": {
    async up(database: Kysely<unknown>) {
      await database.schema
        .createTable("used")
        .ifNotExists()
        .addColumn("person", "text", (column) => column.primaryKey())
        .execute();
    },
  },
  "006-sources": {
    async up(database: Kysely<unknown>) {
      await database.schema
        .createTable("source")
        .ifNotExists()
        .addColumn("participant", "text", (column) => column.primaryKey())
        .addColumn("source", "text", (column) => column.notNull())
        .execute();
    },
  },
};

/** Adds a text column. On SQLite, which has no transaction here, an interrupted migration may have added it before. */
async function addColumn(database: Kysely<unknown>, table: string, column: string): Promise<void> {
  const tables = await database.introspection.getTables();
  const found = tables.find(({ schema, name }) => schema === undefined && name === table);
  if (found?.columns.some(({ name }) => name === column)) return;
  await database.schema.alterTable(table).addColumn(column, "text").execute();
}
