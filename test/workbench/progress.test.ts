import { expect, test } from "vitest";
import { duration, progressOn } from "../../src/workbench/progress.ts";

function run(isTTY: boolean, seconds: number): string {
  let written = "";
  let now = 0;
  const terminal = { isTTY, columns: 80, write: (text: string) => (written += text) };
  const progress = progressOn(terminal, () => now, "stories", 10);
  for (let done = 1; done <= 10; done++) {
    now += (seconds * 1000) / 10;
    progress.to(done);
  }
  progress.end();
  return written;
}

test("work that ends within a second shows no progress", () => {
  expect(run(true, 0.5)).toBe("");
});

test("a terminal gets a bar with the time left, which is erased at the end", () => {
  const written = run(true, 20);
  expect(written).toContain("█");
  expect(written).toContain("5/10, 10 s left");
  expect(written.endsWith("\r\u001b[2K")).toBe(true);
});

test("a part of an item moves the bar, not the count", () => {
  let written = "";
  let now = 0;
  const terminal = { isTTY: true, columns: 80, write: (text: string) => (written = text) };
  const progress = progressOn(terminal, () => now, "analyse", 4);
  const bars = [1, 1.5].map((done) => {
    now += 2000;
    progress.to(done, "verdict");
    expect(written).toContain("analyse 1/4");
    return written.split("█").length;
  });
  expect(bars[1]).toBeGreaterThan(bars[0]!);
});

test("without a terminal, completion is reported once", () => {
  const lines: string[] = [];
  let now = 0;
  const terminal = { write: (line: string) => lines.push(line) };
  const progress = progressOn(terminal, () => now, "stories", 10);
  for (const done of [4, 10, 10, 10]) {
    now += 2000;
    progress.to(done);
  }
  expect(lines).toEqual(["stories 4/10\n", "stories 10/10\n"]);
});

/** The seconds left shown on a terminal after each of ten steps of these durations; undefined if none. */
function leftAfter(secondsOf: readonly number[]): (number | undefined)[] {
  let written = "";
  let now = 0;
  const progress = progressOn(
    { isTTY: true, columns: 80, write: (text: string) => (written = text) },
    () => now,
    "stories",
    secondsOf.length,
  );
  return secondsOf.map((seconds) => {
    now += 1000 * seconds;
    progress.step();
    const said = /, (\d+) s left/.exec(written)?.[1];
    return said === undefined ? undefined : Number(said);
  });
}

test("the time left is shown once it can be estimated", () => {
  expect(leftAfter(Array(10).fill(2))).toEqual([undefined, undefined, 14, 12, 10, 8, 6, 4, 2, undefined]);
});

test("time before the first step, such as loading a model, does not count for the pace", () => {
  const [, , , , , sixth, seventh] = leftAfter([60, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
  expect([sixth, seventh]).toEqual([8, 6]);
});

test("steps without duration, such as cached answers, are ignored", () => {
  const left = leftAfter([0, 0, 0, 0, 0, 0, 10, 10, 10, 10]);
  for (const [at, seconds] of left.entries())
    if (seconds !== undefined) expect(seconds).toBeGreaterThan(5 * (9 - at));
  expect(left[8]).toBe(10);
});

test("a pipe gets plain lines", () => {
  const written = run(false, 200);
  expect(written).not.toContain("\u001b");
  expect(written.split("\n").filter(Boolean).length).toBeGreaterThan(5);
});

test("a terminal with an unknown width gets the whole line", () => {
  let written = "";
  let now = 0;
  const terminal = { isTTY: true, columns: 0, write: (text: string) => (written += text) };
  const progress = progressOn(terminal, () => now, "stories", 10);
  now += 2000;
  progress.to(5, "a note");
  expect(written).toContain("stories 5/10  a note");
});

test("durations are printed in words", () => {
  expect([4_000, 75_000, 3_700_000, 7_199_000].map(duration)).toEqual([
    "4 s",
    "1 min 15 s",
    "1 h 2 min",
    "2 h 0 min",
  ]);
});
