import { chmodSync, readFileSync, rmSync, statSync } from "node:fs";
import { cp, mkdtemp, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Libsql from "libsql";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Study, studyOf } from "../../src/workbench/study.ts";
import { hasPostgres, type Postgres, startPostgres, withoutPostgres } from "../helpers/postgres.ts";
import { serveOnce, tinylove } from "./command.ts";
import { fixture, quietEffects, served, TestClient } from "./fixture.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

type Environment = Readonly<Record<string, string>>;

/** A study with answers of two participants, with its exported tables. */
async function answered(env: Environment = {}, shape: Parameters<typeof fixture>[0] = {}): Promise<Study> {
  const { study, remove } = await fixture(shape);
  ends.push(remove);
  await answer(study, 2, env);
  return study;
}

async function answer(study: Study, people: number, env: Environment = {}): Promise<void> {
  const survey = await served(study, quietEffects({ env }));
  for (let at = 0; at < people; at++) {
    const client = new TestClient(survey.url);
    await client.begin();
    await client.finish();
  }
  await survey.close();
}

/** A copy of a study's folder, as made by `cp -r`. */
async function copyOf(study: Study): Promise<Study> {
  const folder = await mkdtemp(join(tmpdir(), "tinylove-copy-"));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  await cp(study.folder, folder, { recursive: true });
  return studyOf(folder, study.config);
}

const tables = (study: Study) =>
  ["judgments", "participants"].map((name) => readFileSync(study.path(`judgments/${name}.csv`), "utf8"));

/** Checks that every command that would write the tables refuses in one line with `words`, and the tables are unchanged. */
async function refuses(study: Study, words: RegExp, env: Environment = {}): Promise<void> {
  const before = tables(study);
  expect(before[0]!.split("\n").length).toBeGreaterThan(8);
  for (const outcome of [
    await tinylove(study, ["judgments"], { env }),
    await serveOnce(study, { env }),
    await tinylove(study, ["judgments"], { env }),
  ]) {
    expect(outcome.output).toMatch(words);
    expect(outcome.code).toBe(1);
    expect(outcome.output).not.toMatch(/\n {4}at /);
    expect(tables(study)).toEqual(before);
  }
}

describe("the embedded store", () => {
  test("that was deleted is an error, with or without its log", async () => {
    const study = await answered();
    await rm(study.path("survey.sqlite"));
    await refuses(study, /survey\.sqlite, the store with the answers of this study, is missing/);
    await writeFile(study.path("survey.sqlite-wal"), "left");
    await refuses(study, /is missing/);
  });

  test("that is an empty file is an error", async () => {
    const study = await answered();
    await truncate(study.path("survey.sqlite"));
    await refuses(study, /survey\.sqlite.* is empty/);
    expect(statSync(study.path("survey.sqlite")).size).toBe(0);
  });

  test("that was deleted from a study of version 0.1, which has no record, is missed by its tables", async () => {
    const study = await answered();
    await rm(study.path("survey.json"), { force: true });
    await rm(study.path("survey.sqlite"));
    await refuses(study, /has answers \(8 judgments\), but its store survey\.sqlite has none/);
    await writeFile(study.path("survey.sqlite"), "");
    await refuses(study, /has answers \(8 judgments\), but its store survey\.sqlite has none/);
  });

  test("of another study is refused", async () => {
    const [study, other] = [await answered(), await answered()];
    await cp(other.path("survey.sqlite"), study.path("survey.sqlite"));
    await refuses(study, /has the answers of another study/);
  });

  test("that is another program's database is not changed", async () => {
    const study = await answered();
    await rm(study.path("survey.sqlite"));
    const file = new Libsql(study.path("survey.sqlite"));
    file.exec("CREATE TABLE recipes (name TEXT)");
    file.close();
    const before = await readFile(study.path("survey.sqlite"));
    await refuses(study, /damaged or not a survey store \(it has a table recipes\)/);
    expect((await readFile(study.path("survey.sqlite"))).equals(before)).toBe(true);
  });

  test("that is deleted while the survey runs is reported, and written again at the end", async () => {
    const study = await answered();
    const effects = quietEffects();
    const survey = await served(study, effects);
    for (const name of ["", "-wal", "-shm"]) await rm(study.path(`survey.sqlite${name}`), { force: true });
    const client = new TestClient(survey.url);
    await client.begin();
    await client.finish();
    await expect
      .poll(() => effects.logged.join(), { timeout: 10_000 })
      .toContain("deleted while the survey is running");
    await survey.close();
    const [before] = tables(study);
    expect(before!.trim().split("\n")).toHaveLength(13);
    expect((await tinylove(study, ["judgments"])).code).toBe(0);
    expect(tables(study)[0]).toBe(before);
    expect(statSync(study.path("survey.sqlite")).mode & 0o777).toBe(0o600);
  });

  test("that was restored from an older backup does not empty the tables", async () => {
    const study = await answered();
    await tinylove(study, ["backup", study.path("old.sqlite")]);
    await answer(study, 1);
    await rename(study.path("old.sqlite"), study.path("survey.sqlite"));
    await refuses(study, /judgments\/ contains 4 answers of 1 person that are not in the store/);
    // Without the tables the study continues with the backup's answers.
    await rename(study.path("judgments"), study.path("judgments-before"));
    expect((await tinylove(study, ["judgments"])).code).toBe(0);
    expect(tables(study)[1]!.trim().split("\n")).toHaveLength(3);
  });

  test("with overwritten pages is reported as damaged by every command, before anybody answers", async () => {
    const study = await answered({}, { forms: 1, stories: 10 });
    await answer(study, 12);
    const bytes = await readFile(study.path("survey.sqlite"));
    // The last pages, which are not read before they are needed.
    expect(bytes.length).toBeGreaterThan(24 * 4096);
    bytes.fill(0xa5, bytes.length - 12 * 4096);
    await writeFile(study.path("survey.sqlite"), bytes);
    await refuses(study, /survey\.sqlite is damaged or not a survey store/);
    const backup = await tinylove(study, ["backup"]);
    expect([backup.code, backup.output]).toEqual([1, expect.stringContaining("is damaged")]);
  });

  test("of a newer version is refused", async () => {
    const study = await answered();
    const file = new Libsql(study.path("survey.sqlite"));
    file.exec("INSERT INTO kysely_migration VALUES ('999-later', '2030-01-01')");
    file.close();
    await refuses(study, /was written by a newer version/);
  });

  test("made by version 0.1 opens, gets the study's id once, and then belongs to that study", async () => {
    const [study, other] = [await answered(), await answered()];
    const before = tables(study);
    asVersion01(study);
    asVersion01(other);
    expect((await tinylove(study, ["judgments"])).code).toBe(0);
    expect(tables(study)).toEqual(before);
    const record = await readFile(study.path("survey.json"), "utf8");
    await answer(study, 1);
    expect(await readFile(study.path("survey.json"), "utf8")).toBe(record);
    // Another study's store of that version has no id either: the participants in the tables show it.
    await cp(other.path("survey.sqlite"), study.path("survey.sqlite"));
    await refuses(study, /judgments\/ contains 12 answers of 3 people that are not in the store/);
  });

  test("is used even if the environment names a database", async () => {
    const study = await answered();
    const before = tables(study);
    const env = { TINYLOVE_DATABASE: "postgres://nobody@127.0.0.1:1/none" };
    const opened = await serveOnce(study, { env });
    expect([opened.code, opened.output]).toEqual([
      1,
      expect.stringContaining("but TINYLOVE_DATABASE is set"),
    ]);
    expect((await tinylove(study, ["judgments"], { env })).code).toBe(0);
    expect(tables(study)).toEqual(before);
  });

  test("in a copied folder is independent", async () => {
    const study = await answered();
    const copy = await copyOf(study);
    await answer(copy, 1);
    expect(tables(copy)[1]!.trim().split("\n")).toHaveLength(4);
    expect((await tinylove(study, ["judgments"])).code).toBe(0);
    expect(tables(study)[1]!.trim().split("\n")).toHaveLength(3);
  });

  test("is made again if an interruption left it incomplete", async () => {
    const { study, remove } = await fixture();
    ends.push(remove);
    // Killed after the record and before the store, and once more while the tables are created.
    await writeFile(
      study.path("survey.json"),
      JSON.stringify({ store: "embedded", id: "a".repeat(26), made: false }),
    );
    const file = new Libsql(study.path("survey.sqlite"));
    file.exec("CREATE TABLE kysely_migration (name TEXT PRIMARY KEY, timestamp TEXT NOT NULL)");
    file.close();
    await answer(study, 1);
    expect(JSON.parse(await readFile(study.path("survey.json"), "utf8"))).toEqual({
      store: "embedded",
      id: "a".repeat(26),
      made: true,
    });
  });

  test("is readable only by its owner, with its log, lock and backups, even if it was not before", async () => {
    const study = await answered();
    chmodSync(study.path("survey.sqlite"), 0o644);
    const survey = await served(study);
    await new TestClient(survey.url).begin();
    const modes = ["survey.sqlite", "survey.sqlite-wal", "survey.sqlite-shm", "survey.sqlite-lock"];
    for (const name of [...modes, ".tinylove/serve.json"])
      expect([name, statSync(study.path(name)).mode & 0o777]).toEqual([name, 0o600]);
    await survey.close();
    await tinylove(study, ["backup", study.path("copy.sqlite")]);
    expect(statSync(study.path("copy.sqlite")).mode & 0o777).toBe(0o600);
  });
});

/** A study of version 0.1: no record, and no id in the store. */
function asVersion01(study: Study): void {
  const file = new Libsql(study.path("survey.sqlite"));
  file.exec("DELETE FROM fact WHERE name = 'study'; DROP TABLE IF EXISTS used; DROP TABLE IF EXISTS source");
  file.exec("DELETE FROM kysely_migration WHERE name >= '005'");
  file.pragma("wal_checkpoint(TRUNCATE)");
  file.close();
  rmSync(study.path("survey.json"), { force: true });
}

if (!hasPostgres()) console.warn(withoutPostgres);

describe.skipIf(!hasPostgres())("on PostgreSQL", () => {
  let postgres: Postgres;
  let env: Environment;
  beforeAll(async () => {
    postgres = await startPostgres();
    env = { TINYLOVE_DATABASE: postgres.address };
  });
  afterAll(() => postgres?.remove());

  async function query(text: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: postgres.address });
    await client.connect();
    const { rows } = await client.query(text);
    await client.end();
    return rows;
  }

  const schemaOf = async (study: Study): Promise<string> =>
    JSON.parse(await readFile(study.path("survey.json"), "utf8")).schema;

  test("a missing address is a one-line error", async () => {
    const study = await answered(env);
    await refuses(study, /are in a PostgreSQL database, but TINYLOVE_DATABASE is not set/);
    expect((await tinylove(study, ["judgments"], { env })).code).toBe(0);
  });

  test("a missing address of a study of version 0.1 does not empty the tables", async () => {
    const study = await answered(env);
    await rm(study.path("survey.json"), { force: true });
    await refuses(study, /has answers \(8 judgments\), but its store survey\.sqlite has none/);
  });

  test("another database is a one-line error", async () => {
    const study = await answered(env);
    await query(`DROP SCHEMA ${await schemaOf(study)} CASCADE`);
    await refuses(study, /does not have the answers of this study/, env);
  });

  test("a copied folder shares nothing unless its record says so", async () => {
    const study = await answered(env);
    const copy = await copyOf(study);
    await refuses(copy, /this folder is a copy of the study whose answers are in the database/, env);
    // On another machine the same folder can be set to share.
    const shared = await copyOf(study);
    const { folder: _, ...record } = JSON.parse(await readFile(study.path("survey.json"), "utf8"));
    await writeFile(shared.path("survey.json"), JSON.stringify(record));
    expect((await tinylove(shared, ["judgments"], { env })).code).toBe(0);
    expect((await tinylove(shared, ["judgments"], { env })).code).toBe(0);
    // A copy that starts again has its own answers.
    await rm(copy.path("survey.json"));
    await rm(copy.path("judgments"), { recursive: true });
    await answer(copy, 1, env);
    expect(tables(copy)[1]!.trim().split("\n")).toHaveLength(2);
    expect(await schemaOf(copy)).not.toBe(await schemaOf(study));
    expect((await tinylove(study, ["judgments"], { env })).code).toBe(0);
    expect(tables(study)[1]!.trim().split("\n")).toHaveLength(3);
  });

  test("two studies with the same name share nothing", async () => {
    const [one, other] = [
      await answered(env, { name: "first-study" }),
      await answered(env, { name: "first-study" }),
    ];
    for (const study of [one, other]) {
      expect((await tinylove(study, ["judgments"], { env })).code).toBe(0);
      expect(tables(study)[1]!.trim().split("\n")).toHaveLength(3);
    }
  });

  test("a renamed folder continues", async () => {
    const study = await answered(env);
    const moved = studyOf(`${study.folder}-renamed`, study.config);
    await rename(study.folder, moved.folder);
    ends.push(() => rm(moved.folder, { recursive: true, force: true }));
    expect((await tinylove(moved, ["judgments"], { env })).code).toBe(0);
  });

  test("a store of version 0.1 is adopted once, by the study with its texts", async () => {
    const study = await answered(env);
    const before = tables(study);
    const schema = `tinylove_${study.config.name.replaceAll("-", "_")}`;
    await query(`ALTER SCHEMA ${await schemaOf(study)} RENAME TO ${schema}`);
    await query(`DELETE FROM ${schema}.fact WHERE name = 'study'`);
    await rm(study.path("survey.json"));
    // A study with the same name and other texts comes first, and gets its own store.
    const other = await answered(env, { name: study.config.name, forms: 3 });
    expect(await schemaOf(other)).not.toBe(schema);
    const copy = await copyOf(study);
    expect((await tinylove(study, ["judgments"], { env })).code).toBe(0);
    expect(tables(study)).toEqual(before);
    expect(await schemaOf(study)).toBe(schema);
    await answer(study, 1, env);
    await refuses(copy, /belong to another folder of this study/, env);
  });
});
