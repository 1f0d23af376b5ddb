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

test("work that ends within a second shows nothing", () => {
  expect(run(true, 0.5)).toBe("");
});

test("a terminal gets a bar with time left, which is wiped at the end", () => {
  const written = run(true, 20);
  expect(written).toContain("█");
  expect(written).toContain("5/10, 10 s left");
  expect(written.endsWith("\r\u001b[2K")).toBe(true);
});

test("a pipe gets plain lines", () => {
  const written = run(false, 200);
  expect(written).not.toContain("\u001b");
  expect(written.split("\n").filter(Boolean).length).toBeGreaterThan(5);
});

test("durations read as people say them", () => {
  expect([4_000, 75_000, 3_700_000].map(duration)).toEqual(["4 s", "1 min 15 s", "1 h 2 min"]);
});
