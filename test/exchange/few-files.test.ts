import { type ChildProcess, spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { readJudgments } from "../../src/workbench/artefacts.ts";
import { builtProgram } from "../helpers/built.ts";
import { fixture, hiddenFields, TestClient } from "../survey/fixture.ts";
import { pause } from "../survey/load.ts";

let program: string;
beforeAll(async () => {
  program = await builtProgram();
});
afterAll(() => rm(dirname(dirname(program)), { recursive: true, force: true }));
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const exited = (child: ChildProcess) => new Promise((resolve) => child.once("exit", resolve));

/** Runs `serve` with this limit on open files. */
async function serveWith(files: number, folder: string) {
  const child = spawn(
    "sh",
    [
      "-c",
      `ulimit -n ${files} && exec "$0" "$@"`,
      process.execPath,
      program,
      "serve",
      "--port",
      "0",
      "--study",
      folder,
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  ends.push(() => child.kill("SIGKILL"));
  let said = "";
  child.stderr!.on("data", (chunk) => {
    said += chunk;
  });
  const url = await Promise.race([
    new Promise<string>((resolve) => createInterface({ input: child.stdout! }).once("line", resolve)),
    exited(child).then(() => Promise.reject(new Error(`it did not start: ${said}`))),
  ]);
  return { url, child, said: () => said };
}

test("a server with a low limit on open files serves a study of many forms, and survives more connections than that", async () => {
  const { study, remove } = await fixture({ forms: 300, stories: 2, survey: { rate: 1_000_000 } });
  ends.push(remove);
  const { url, child, said } = await serveWith(256, study.folder);
  const client = new TestClient(url);
  await client.begin();
  const fields = { ...hiddenFields((await client.get("/q/1")).text), answer: "human" };
  const crowd: Socket[] = [];
  for (let at = 0; at < 500; at++) {
    crowd.push(connect(Number(new URL(url).port), "127.0.0.1").on("error", () => {}));
  }
  await pause(300);
  // An answer that gets through is stored; otherwise the client gets an error and sends it again.
  const early = await client.post("/q/1", fields).catch(() => undefined);
  expect([undefined, 303, 503]).toContain(early?.status);
  // The tables cannot be written during this time.
  await pause(2500);
  for (const socket of crowd) socket.destroy();
  await expect
    .poll(() =>
      client.post("/q/1", fields).then(
        ({ status }) => status,
        () => 0,
      ),
    )
    .toBe(303);
  await client.finish();
  child.kill("SIGTERM");
  await exited(child);
  expect(child.exitCode).toBe(0);
  expect(said()).not.toMatch(/\n {4}at /);
  expect(await readJudgments(study)).toHaveLength(2);
});
