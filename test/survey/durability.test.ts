import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Libsql from "libsql";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { judgments } from "../../src/judgments/judgments.ts";
import { randomFrom } from "../../src/stats/random.ts";
import { backup } from "../../src/survey/backup.ts";
import { openDatabase } from "../../src/survey/store/database.ts";
import { Store } from "../../src/survey/store/store.ts";
import { readJudgments } from "../../src/workbench/artefacts.ts";
import { StudyError } from "../../src/workbench/errors.ts";
import { exists } from "../../src/workbench/files.ts";
import { studyOf } from "../../src/workbench/study.ts";
import { hasPostgres, newPostgresData, startPostgresOn, withoutPostgres } from "../helpers/postgres.ts";
import { contentsOf, Disk, recorder, withoutRecorder } from "./disk.ts";
import { fixture, hiddenFields, quietEffects, TestClient } from "./fixture.ts";
import { killEmbedded, killOnPostgres } from "./kills.ts";
import { compared, Load, pause } from "./load.ts";
import { canMount, smallDisk } from "./mount.ts";
import { cutEmbedded, cutPostgres } from "./power-cuts.ts";
import { type Program, programForKilling } from "./program.ts";

const watch = await recorder();
if (!watch) console.warn(withoutRecorder);
if (!hasPostgres()) console.warn(withoutPostgres);

const random = randomFrom("durability", Date.now());

let program: Program;
beforeAll(async () => {
  program = await programForKilling();
});
afterAll(async () => {
  await program?.remove();
  await watch?.remove();
});
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function built(shape: Parameters<typeof fixture>[0] = { survey: { rate: 1_000_000 } }) {
  const { study, remove } = await fixture(shape);
  ends.push(remove);
  return studyOf(realpathSync(study.folder), study.config);
}

// The suite kills and cuts only a few times; `bench/serve-kills.ts` and `bench/serve-power-cuts.ts` a hundred times.
describe("under load nothing acknowledged is lost, and nothing stored twice,", () => {
  test("when the server is killed", async () => {
    const seen = await killEmbedded(program, { kills: 2, answers: 40, random });
    expect(seen).toMatchObject({ lost: 0, doubled: 0 });
    expect(seen.acknowledged).toBeGreaterThanOrEqual(26);
  });

  test.skipIf(!hasPostgres())("when one of two servers is killed or their PostgreSQL crashes", async () => {
    const seen = await killOnPostgres(program, { kills: 2, answers: 40, random });
    expect(seen).toMatchObject({ lost: 0, doubled: 0 });
    expect(seen.acknowledged).toBeGreaterThanOrEqual(26);
  });

  test.skipIf(!watch)("when the power is cut", async () => {
    const seen = await cutEmbedded(program, { images: 8, answers: 100, random });
    expect(seen).toMatchObject({ lost: 0, doubled: 0, damaged: [] });
    expect(seen.torn).toBeGreaterThan(0);
  });

  test.skipIf(!watch || !hasPostgres())("when PostgreSQL's power is cut", async () => {
    const seen = await cutPostgres(program, { images: 2, answers: 60, random });
    expect(seen).toMatchObject({ lost: 0, doubled: 0, damaged: [] });
  });
});

test("a killed server's answers are exported when it starts again, and a normal stop exports them too", async () => {
  const study = await built({});
  const server = await program.serve(study.folder);
  const client = new TestClient(server.url);
  await client.begin();
  const first = hiddenFields((await client.get("/q/1")).text);
  await client.post("/q/1", { ...first, answer: "human" });
  await server.end("SIGKILL");
  const again = await program.serve(study.folder);
  expect(await readJudgments(study)).toHaveLength(1);
  client.url = again.url;
  await client.finish();
  await again.end("SIGTERM");
  expect(again.process.exitCode).toBe(0);
  expect(await readJudgments(study)).toHaveLength(4);
});

test.skipIf(!watch)(
  "while syncs fail every answer is refused with a page that sends it again; later ones are stored, and a power cut then loses none",
  async () => {
    const study = await built();
    const before = contentsOf(study.folder);
    const server = await program.serve(study.folder, watch!.env(study.folder));
    const load = new Load(4, () => server.url);
    await load.more(30);
    const client = new TestClient(server.url);
    await client.begin();
    const fields = { ...hiddenFields((await client.get("/q/1")).text), answer: "human" };

    await watch!.fail(true);
    const refused = await client.post("/q/1", fields);
    expect(refused.status).toBe(503);
    expect(hiddenFields(refused.text)).toMatchObject(fields);
    const told = load.acknowledged.size;
    const failures = load.failures;
    while (load.failures < failures + 20) await pause(5);
    expect(load.acknowledged.size).toBe(told);
    await watch!.fail(false);

    expect((await client.post("/q/1", fields)).status).toBe(303);
    await load.more(30);
    await load.end();
    await server.end("SIGKILL");
    const disk = new Disk(watch!.record, study.folder, before, random);
    disk.advance(disk.length);
    const left = mkdtempSync(join(tmpdir(), "tinylove-cut-"));
    ends.push(() => rmSync(left, { recursive: true }));
    await disk.cut(left);
    await judgments.run(studyOf(left, study.config), {}, quietEffects());
    expect(await compared(load.acknowledged.keys(), studyOf(left, study.config))).toMatchObject({
      lost: [],
      doubled: [],
    });
  },
);

test.skipIf(!watch || !hasPostgres())(
  "a PostgreSQL whose syncs fail acknowledges nothing, and the survey continues after a restart",
  async () => {
    const disk = (await recorder())!;
    const data = await newPostgresData();
    const postgres = await startPostgresOn(data, [], disk.env(data));
    ends.push(disk.remove, postgres.remove);
    const study = await built();
    const env = { TINYLOVE_DATABASE: postgres.address };
    const server = await program.serve(study.folder, env);
    const load = new Load(4, () => server.url);
    await load.more(20);
    await disk.fail(true);
    const failures = load.failures;
    while (load.failures < failures + 10) await pause(5);
    const told = load.acknowledged.size;
    while (load.failures < failures + 20) await pause(5);
    expect(load.acknowledged.size).toBe(told);
    await disk.fail(false);
    // PostgreSQL stops itself if it cannot know what is on its disk.
    await postgres.restart();
    await load.more(20);
    await load.end();
    await server.end("SIGTERM");
    await judgments.run(study, {}, quietEffects({ env }));
    expect(await compared(load.acknowledged.keys(), study)).toMatchObject({ lost: [], doubled: [] });
  },
);

test("a server that is killed during a backup leaves no partial one, and the next backup is complete", async () => {
  const study = await built({});
  const store = new Store(await openDatabase(study, {}));
  for (let at = 0; at < 150; at++) await store.metadata.set(`ballast ${at}`, "x".repeat(200_000));
  await store.close();
  const server = await program.serve(study.folder);
  const client = new TestClient(server.url);
  await client.begin();
  await client.post("/q/1", { ...hiddenFields((await client.get("/q/1")).text), answer: "human" });
  const target = study.path("backups/one.sqlite");
  const partial = async () =>
    (await readdir(study.folder)).some((name) => name.endsWith(".partial") && name.startsWith("survey-"));
  const taken = backup.run(study.folder, { file: target }, quietEffects());
  const refused = expect(taken).rejects.toBeInstanceOf(StudyError);
  while (!(await partial())) await pause(1);
  await server.end("SIGKILL");
  await refused;
  expect(await exists(target)).toBe(false);

  const again = await program.serve(study.folder);
  expect(await partial()).toBe(false);
  await backup.run(study.folder, { file: target }, quietEffects());
  await again.end("SIGTERM");
  const copy = new Libsql(target);
  expect(copy.prepare("SELECT count(*) AS count FROM answer").get()).toMatchObject({ count: 1 });
  expect(copy.pragma("integrity_check")).toMatchObject([{ integrity_check: "ok" }]);
  copy.close();
});

test.skipIf(!canMount())(
  "on a full disk every answer is refused, and stored once there is room",
  async () => {
    const source = await built();
    const disk = smallDisk("1m");
    ends.push(disk.remove);
    cpSync(source.folder, disk.folder, { recursive: true });
    const study = studyOf(disk.folder, source.config);
    const server = await program.serve(disk.folder);
    const load = new Load(4, () => server.url);
    await load.more(20);
    execFileSync("sh", ["-c", `cat /dev/zero > ${disk.folder}/ballast 2>/dev/null || true`]);
    const failures = load.failures;
    while (load.failures < failures + 20) await pause(5);
    const told = load.acknowledged.size;
    rmSync(join(disk.folder, "ballast"));
    await load.more(20);
    await load.end();
    await server.end("SIGTERM");
    expect(load.acknowledged.size).toBeGreaterThanOrEqual(told + 20);
    expect(await compared(load.acknowledged.keys(), study)).toMatchObject({ lost: [], doubled: [] });
  },
);

test.skipIf(!watch)("the power cuts detect a store that acknowledges before it syncs", async () => {
  // Damages the program, so this is the last test.
  await program.spoil("survey/store/database.js", /synchronous = FULL/, "synchronous = NORMAL");
  await program.spoil("survey/store/database.js", /found\.synchronous !== 2/, "false");
  const seen = await cutEmbedded(program, { images: 8, answers: 100, random });
  expect(seen.lost).toBeGreaterThan(0);
});
