import { execFileSync } from "node:child_process";
import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { judgments } from "../../src/judgments/judgments.ts";
import { simulate } from "../../src/simulate/simulate.ts";
import { readTable } from "../../src/tables/tables.ts";
import { readJudgments } from "../../src/workbench/artefacts.ts";
import { openStudy } from "../../src/workbench/study.ts";
import { hasPostgres, type Postgres, startPostgres, withoutPostgres } from "../helpers/postgres.ts";
import { fixture, hiddenFields, quietEffects, served, TestClient } from "./fixture.ts";
import { type Program, programForKilling } from "./program.ts";

if (!hasPostgres()) console.warn(withoutPostgres);

describe.skipIf(!hasPostgres())("on PostgreSQL", () => {
  let postgres: Postgres;
  let program: Program | undefined;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await program?.remove();
    await postgres?.remove();
  });
  const effects = () => quietEffects({ env: { TINYLOVE_DATABASE: postgres.address } });

  test("two servers on one database assign every place once and store every answer once", async () => {
    const { study, remove } = await fixture({ forms: 3, survey: { quota: 30 } });
    const servers = [await served(study, effects()), await served(study, effects())];
    const clients = Array.from({ length: 60 }, (_, at) => new TestClient(servers[at % 2]!.url));
    await Promise.all(clients.map((client) => client.begin()));
    const admitted: TestClient[] = [];
    for (const client of clients) if ((await client.get("/q/1")).status === 200) admitted.push(client);
    expect(admitted).toHaveLength(30);
    // Each participant posts every page to both servers at once, as a load balancer with failover would.
    await Promise.all(
      admitted.map(async (client) => {
        const twin = new TestClient(servers[0]!.url === client.url ? servers[1]!.url : servers[0]!.url);
        twin.cookie = client.cookie;
        for (let position = 1; position <= 4; position++) {
          const fields = { ...hiddenFields((await client.get(`/q/${position}`)).text), answer: "human" };
          const replies = await Promise.all([client, twin].map((one) => one.post(`/q/${position}`, fields)));
          expect(replies.map(({ status }) => status)).toEqual([303, 303]);
        }
      }),
    );
    await Promise.all(servers.map((server) => server.close()));
    await judgments.run(study, {}, effects());
    const stored = await readJudgments(study);
    expect(stored).toHaveLength(120);
    expect(new Set(stored.map(({ participant, question }) => `${participant} ${question}`)).size).toBe(120);
    const forms = (await readTable(study.path("judgments/participants.csv"))).map(({ form }) => form);
    const counts = [...new Set(forms)].map((form) => forms.filter((other) => other === form).length);
    expect(counts).toEqual([10, 10, 10]);
    await remove();
  });

  test("several processes share one port, and one that is killed is replaced", async () => {
    const { study, remove } = await fixture({ forms: 3 });
    program = await programForKilling();
    const env = { TINYLOVE_DATABASE: postgres.address };
    const server = await program.serve(study.folder, env, 2);
    const processes = () =>
      execFileSync("ps", ["-o", "pid=", "--ppid", String(server.process.pid)], { encoding: "utf8" })
        .split("\n")
        .map(Number)
        .filter(Boolean);
    const [victim] = processes();
    const clients = Array.from({ length: 12 }, () => new TestClient(server.url));
    await Promise.all(clients.map((client) => client.begin()));
    process.kill(victim!, "SIGKILL");
    await expect.poll(() => processes().filter((pid) => pid !== victim).length, { timeout: 30_000 }).toBe(2);
    // A client that was cut off tries again, as the outbox does.
    await Promise.all(
      clients.map((client) =>
        expect.poll(() => client.finish().catch(String), { timeout: 60_000 }).toContain("Thank you"),
      ),
    );
    await server.end("SIGTERM");
    expect(server.output()).toContain("is replaced");
    await judgments.run(study, {}, effects());
    expect(await readJudgments(study)).toHaveLength(48);
    await remove();
  }, 300_000);

  test("a simulated copy has its own answers, and none of the study's", async () => {
    const { study, remove } = await fixture();
    const survey = await served(study, effects());
    const client = new TestClient(survey.url);
    await client.begin();
    await client.finish();
    await survey.close();
    const to = `${study.folder}-simulated`;
    await simulate.run(study.folder, simulate.options.parse({ to, participants: 3 }), effects());
    const copy = await openStudy(to);
    await judgments.run(copy, {}, effects());
    const told = await readJudgments(copy);
    expect(told.map(({ simulated }) => simulated)).toEqual(new Array(12).fill(true));
    expect((await readJudgments(study)).map(({ simulated }) => simulated)).toEqual(new Array(4).fill(false));
    await rm(to, { recursive: true });
    await remove();
  });

  test("an unreachable address is a one-line error", async () => {
    const { study, remove } = await fixture();
    const nobody = quietEffects({ env: { TINYLOVE_DATABASE: "postgres://nobody@127.0.0.1:1/none" } });
    await expect(served(study, nobody)).rejects.toThrow(
      "cannot use the database of TINYLOVE_DATABASE (ECONNREFUSED)",
    );
    await remove();
  });
});
