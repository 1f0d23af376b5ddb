import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, statSync } from "node:fs";
import Libsql from "libsql";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { judgments } from "../../src/judgments/judgments.ts";
import { openDatabase } from "../../src/survey/store/database.ts";
import { Store } from "../../src/survey/store/store.ts";
import { databaseVariable } from "../../src/survey/store/store-record.ts";
import { StudyError } from "../../src/workbench/errors.ts";
import { studyOf } from "../../src/workbench/study.ts";
import {
  hasPostgres,
  newPostgresData,
  type OwnPostgres,
  startPostgresOn,
  withoutPostgres,
} from "../helpers/postgres.ts";
import { fixture, hiddenFields, quietEffects, served, TestClient } from "./fixture.ts";
import { compared, Load, pause } from "./load.ts";
import { canMount, smallDisk } from "./mount.ts";

if (!hasPostgres()) console.warn(withoutPostgres);

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function built() {
  const { study, remove } = await fixture({ survey: { rate: 1_000_000 } });
  ends.push(remove);
  return study;
}

/** A participant at the first question, with an answer that is not sent yet. */
async function aboutToAnswer(url: string) {
  const client = new TestClient(url);
  await client.begin();
  const fields = { ...hiddenFields((await client.get("/q/1")).text), answer: "human" };
  return { client, send: () => client.post("/q/1", fields) };
}

describe("the write-ahead log", () => {
  const size = (path: string) => statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  const megabytes = 1_000_000;

  test("stays small under a long load, waits for a long read transaction, and shrinks afterwards", async () => {
    const study = await built();
    const path = study.path("survey.sqlite");
    const store = new Store(await openDatabase(study, {}));
    let written = 0;
    const write = async (count: number) => {
      for (const end = written + count; written < end; written++)
        await store.metadata.set(`fact ${written % 50}`, `${written} `.repeat(25_000));
    };
    await write(250);
    expect(size(path)).toBeLessThan(20 * megabytes);

    // Another program that reads, such as a database browser.
    const other = new Libsql(path);
    other.exec("BEGIN");
    other.prepare("SELECT count(*) FROM fact").get();
    await write(250);
    const held = size(path);
    expect(held).toBeGreaterThan(30 * megabytes);
    expect(other.prepare("SELECT count(*) AS count FROM fact WHERE name LIKE 'fact %'").get()).toMatchObject({
      count: 50,
    });
    other.exec("COMMIT");
    other.close();
    await write(250);
    expect(size(path)).toBeLessThanOrEqual(held + 5 * megabytes);
    await store.close();
    expect(size(path)).toBe(0);
  });
});

test("a store that another program has locked refuses answers and accepts them when it is free", async () => {
  const study = await built();
  const survey = await served(study);
  const { send } = await aboutToAnswer(survey.url);
  const other = new Libsql(study.path("survey.sqlite"));
  other.exec("BEGIN IMMEDIATE");
  expect((await send()).status).toBe(503);
  other.exec("ROLLBACK");
  other.close();
  expect((await send()).status).toBe(303);
  await survey.close();
  expect(await compared([], study)).toMatchObject({ stored: 1 });
});

test.skipIf(!canMount())("a study on a read-only disk gives a one-line error and is unchanged", async () => {
  const source = await built();
  await (await served(source)).close();
  const disk = smallDisk("8m");
  ends.push(disk.remove);
  cpSync(source.folder, disk.folder, { recursive: true });
  execFileSync("mount", ["-o", "remount,ro", disk.folder]);
  const failed = served(studyOf(disk.folder, source.config));
  await expect(failed).rejects.toBeInstanceOf(StudyError);
  await expect(failed).rejects.toThrow(/cannot open .*survey\.sqlite/);
});

describe.skipIf(!hasPostgres())("a PostgreSQL", () => {
  let postgres: OwnPostgres;
  beforeAll(async () => {
    const few = ["max_connections=12", "superuser_reserved_connections=0"];
    postgres = await startPostgresOn(await newPostgresData(), few);
  });
  afterAll(() => postgres?.remove());
  const effects = () => quietEffects({ env: { [databaseVariable]: postgres.address } });

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: postgres.address });
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  test("with all connections in use refuses answers in time, and stores them when connections are free", async () => {
    const study = await built();
    const survey = await served(study, effects());
    const load = new Load(6, () => survey.url);
    await load.more(10);
    // The survey's connections are ended until other clients have taken all of them.
    const held: pg.Client[] = [];
    const admin = await connect();
    while (held.length < 11) {
      await admin.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '' AND pid <> pg_backend_pid() AND NOT (query = 'held')",
      );
      const client = await connect().catch(() => undefined);
      await client?.query("SET application_name = 'held'");
      if (client) held.push(client);
    }
    const failures = load.failures;
    while (load.failures < failures + 10) await pause(5);
    await expect(served(await built(), effects())).rejects.toThrow(
      /cannot use the database of TINYLOVE_DATABASE/,
    );
    await Promise.all([...held, admin].map((client) => client.end()));
    await load.more(10);
    await load.end();
    await survey.close();
    await judgments.run(study, {}, effects());
    expect(await compared(load.acknowledged.keys(), study)).toMatchObject({ lost: [], doubled: [] });
  });

  test("that becomes read-only refuses answers, and stores them when it is writable again", async () => {
    const study = await built();
    const survey = await served(study, effects());
    const { send } = await aboutToAnswer(survey.url);
    const admin = await connect();
    const readOnly = async (value: string) => {
      await admin.query(`ALTER DATABASE postgres SET default_transaction_read_only = ${value}`);
      await admin.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
      );
    };
    await readOnly("on");
    await expect.poll(async () => (await send()).status).toBe(503);
    await pause(100);
    expect((await send()).status).toBe(503);
    await admin.query("SET default_transaction_read_only = off");
    await readOnly("off");
    await expect.poll(async () => (await send()).status).toBe(303);
    await admin.end();
    await survey.close();
    expect(await compared([], study)).toMatchObject({ stored: 1 });
  });

  test("with tables that another program has locked stores the answer once when they are free", async () => {
    const study = await built();
    const survey = await served(study, effects());
    const { client, send } = await aboutToAnswer(survey.url);
    const admin = await connect();
    const { schema } = JSON.parse(readFileSync(study.path("survey.json"), "utf8"));
    await admin.query(`SET search_path = ${schema}`);
    await admin.query("BEGIN");
    await admin.query("LOCK TABLE answer IN ACCESS EXCLUSIVE MODE");
    const sent = [send(), send()];
    expect(await Promise.race([...sent, pause(500).then(() => "waits")])).toBe("waits");
    await admin.query("ROLLBACK");
    await admin.end();
    for (const reply of await Promise.all(sent)) expect(reply.status).toBe(303);
    await client.finish();
    await survey.close();
    expect(await compared([], study)).toMatchObject({ stored: 4 });
  });
});
