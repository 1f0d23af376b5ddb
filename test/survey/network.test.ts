import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { randomFrom } from "../../src/stats/random.ts";
import { readJudgments } from "../../src/workbench/artefacts.ts";
import { chromiumPath, type SharedBrowser, sharedBrowser, withoutChromium } from "../helpers/browser.ts";
import { fixture, served } from "./fixture.ts";
import { pause } from "./load.ts";
import { cuttingProxy, type Treatment } from "./proxy.ts";

const found = chromiumPath();
if (!found) console.warn(withoutChromium);

// One reader for each mode in the suite; `TINYLOVE_READERS=20 npx vitest run test/survey/network.test.ts` uses twenty.
const readers = Number(process.env["TINYLOVE_READERS"] ?? 1);

const treatments: readonly Treatment[] = ["cut before response", "cut request", "cut response", "stall"];
const choices = ["human", "machine", "machine", "human"];

describe.skipIf(!found)("over a line that is cut again and again, every answer arrives once,", () => {
  let browser: SharedBrowser;
  beforeAll(async () => {
    browser = await sharedBrowser();
  });
  afterAll(() => browser?.close());
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  test.each([
    ["from a page with its script", true],
    ["from a page without", false],
  ])("%s", async (_, javaScriptEnabled) => {
    const random = randomFrom("network", Date.now());
    const { study, remove } = await fixture({ survey: { rate: 1_000_000 } });
    const survey = await served(study);
    let posts = 0;
    const proxy = await cuttingProxy(survey.url, (line) => {
      // Every other answer gets the next kind of failure, and one in ten other requests a random one.
      if (line.startsWith("POST /q/")) return posts++ % 2 === 0 ? treatments[(posts >> 1) % 4]! : "pass";
      return random.next() < 0.1 ? random.pick(treatments) : "pass";
    });
    ends.push(remove, proxy.close);
    for (let reader = 0; reader < readers; reader++) {
      const context = await browser.newContext({ javaScriptEnabled });
      const page = await context.newPage();
      page.setDefaultTimeout(5000);
      await takePart(page, proxy.url);
      await context.close();
    }
    const cuts = treatments.map((treatment) => proxy.counts.get(treatment) ?? 0);
    // The script repeats each interrupted answer at once; without it the reader returns to the next question.
    if (javaScriptEnabled) expect(Math.min(...cuts)).toBeGreaterThan(0);
    else expect(Math.max(...cuts)).toBeGreaterThan(0);
    await survey.close();
    const judgments = await readJudgments(study);
    expect(judgments).toHaveLength(4 * readers);
    for (let reader = 0; reader < readers; reader++) {
      const own = judgments.slice(4 * reader, 4 * reader + 4);
      expect(new Set(own.map(({ participant }) => participant)).size).toBe(1);
      expect(own.map(({ response }) => response.answer)).toEqual(choices);
    }
  });
});

/** Answers until the last page; if a page does not load, opens the survey again, as a person would. */
async function takePart(page: Page, url: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      await step(page, url);
    } catch {
      // The page was closed, or did not load.
      await pause(100);
    }
    if (page.url().endsWith("/thanks") && (await page.getByText("Thank you").count()) > 0) return;
  }
  throw new Error(`never thanked; the last page was ${page.url()}`);
}

async function step(page: Page, url: string): Promise<void> {
  const here = page.url();
  const [, position] = /\/q\/(\d)$/.exec(here) ?? [];
  const press = position
    ? page.getByRole("button", { name: /Next|Finish/ })
    : here.endsWith("/instructions")
      ? page.getByRole("link", { name: "Begin" })
      : page.getByRole("button", { name: "I have read this" });
  if (!here.startsWith(url) || (await press.count()) === 0) return void (await page.goto(url));
  if (position) {
    const label = choices[Number(position) - 1] === "human" ? "A person" : "A machine";
    await page.getByLabel(label, { exact: true }).check();
  }
  await press.click();
  // The script stays on its page until the answer is stored.
  await page.waitForURL((next) => next.href !== here, { timeout: 3000 });
}
