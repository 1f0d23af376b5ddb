import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runTrainer } from "../../src/llm/trainer.ts";
import { exists, writeWhole } from "../../src/workbench/files.ts";
import { quietEffects, temporaryFolder } from "../helpers/world.ts";

/** A program instead of Python, for rare behaviour of a trainer. */
async function runs(body: string, changes: Parameters<typeof quietEffects>[0] = {}) {
  const folder = await temporaryFolder();
  const program = join(folder, "python");
  await writeWhole(program, `#!/bin/bash\n${body}\n`);
  await chmod(program, 0o755);
  const effects = quietEffects({ env: { ...process.env, TINYLOVE_PYTHON: program }, ...changes });
  const heard: string[] = [];
  const run = { command: "tune", config: { rate: 1 }, folder: join(folder, "run"), label: "tune" };
  const outcome = runTrainer({ ...run, onEvent: ({ event }) => heard.push(event) }, effects);
  return { outcome, heard, folder: join(folder, "run") };
}

const event = (fields: Record<string, unknown>) => `echo '${JSON.stringify(fields)}'`;

test("events are received in order and stored; other output goes to the log", async () => {
  const { outcome, heard, folder } = await runs(
    [
      event({ event: "start" }),
      "echo 'a library prints'",
      "echo '{not json'",
      "echo 'and warns' >&2",
      event({ event: "done", path: "$PYTHONPATH" }),
    ].join("\n"),
  );
  expect(await outcome).toMatchObject({ event: "done" });
  expect(heard).toEqual(["start", "done"]);
  expect((await readFile(join(folder, "events.jsonl"), "utf8")).trim().split("\n")).toHaveLength(2);
  const log = await readFile(join(folder, "trainer.log"), "utf8");
  for (const line of ["a library prints", "{not json", "and warns"]) expect(log).toContain(line);
  expect(JSON.parse(await readFile(join(folder, "config.json"), "utf8"))).toEqual({ rate: 1 });
  expect(await exists(join(folder, "trainer.pid"))).toBe(false);
});

test("the bar starts at the step of a resumed run, with loss and speed", async () => {
  const bars: unknown[] = [];
  const progress = (label: string, total: number) => {
    bars.push([label, total]);
    return { to: (done: number, note?: string) => void bars.push([done, note]), step() {}, end() {} };
  };
  const step = (number: number) =>
    event({ event: "progress", step: number, steps: 12, loss: 2.5, tokens_per_second: 99.6 });
  const { outcome } = await runs([step(11), step(12), event({ event: "done" })].join("\n"), { progress });
  await outcome;
  expect(bars).toEqual([
    ["tune", 2],
    [1, "loss 2.500, 100 tokens/s, after step 10"],
    [2, "loss 2.500, 100 tokens/s, after step 10"],
  ]);
});

test("the trainer's own error is reported with its hint", async () => {
  const error = event({ event: "error", message: "The rate is -1.", hint: "It is a number above 0." });
  await expect((await runs(`${error}\nexit 1`)).outcome).rejects.toMatchObject({
    message: "The rate is -1",
    hint: "It is a number above 0",
  });
});

test("a crash is reported with its exit and the last lines of the log", async () => {
  const trace = "echo 'Traceback' >&2; echo 'RuntimeError: shapes differ' >&2; exit 7";
  await expect((await runs(trace)).outcome).rejects.toThrow(
    "the trainer's tune ended with exit code 7: Traceback | RuntimeError: shapes differ",
  );
  await expect((await runs("kill -KILL $$")).outcome).rejects.toMatchObject({
    message: "the trainer's tune ended with SIGKILL",
    hint: expect.stringContaining("not enough memory"),
  });
  await expect((await runs("exit 0")).outcome).rejects.toThrow("ended with exit code 0");
});

test("a Python that cannot be started is named", async () => {
  const effects = quietEffects({ env: { PATH: "", TINYLOVE_PYTHON: "no-such-python" } });
  const run = { command: "tune", config: {}, folder: await temporaryFolder(), label: "tune" };
  await expect(runTrainer(run, effects)).rejects.toThrow("cannot start no-such-python (ENOENT)");
});

test("an interruption ends it", async () => {
  const interruption = new AbortController();
  const started = performance.now();
  const { outcome } = await runs(`${event({ event: "start" })}\nexec sleep 60`, {
    signal: interruption.signal,
  });
  setTimeout(() => interruption.abort(new Error("interrupted")), 200);
  await expect(outcome).rejects.toThrow("interrupted");
  expect(performance.now() - started).toBeLessThan(30_000);
});

test("two trainers in one folder are refused", async () => {
  const { outcome, folder } = await runs("exec -a tinylove_trainer sleep 60");
  outcome.catch(() => {});
  while (!(await exists(join(folder, "trainer.pid")))) await new Promise((settle) => setTimeout(settle, 10));
  await new Promise((settle) => setTimeout(settle, 200));
  const pid = Number(await readFile(join(folder, "trainer.pid"), "utf8"));
  const second = runTrainer(
    { command: "tune", config: {}, folder, label: "tune" },
    quietEffects({ env: { TINYLOVE_PYTHON: "/bin/true" } }),
  );
  await expect(second).rejects.toThrow(`process ${pid} is still working in`);
  process.kill(pid, "SIGKILL");
  await expect(outcome).rejects.toThrow("SIGKILL");
});
