import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formsByCondition } from "../../src/compose/conditions.ts";
import { ComposeSettings } from "../../src/study/settings/compose.ts";
import { randomId } from "../../src/survey/ids.ts";
import { readForms } from "../../src/workbench/artefacts.ts";
import { filesUnder, writeWhole } from "../../src/workbench/files.ts";
import { chromiumPath, launchBrowser } from "../helpers/browser.ts";
import { violations } from "./accessible.ts";
import { fixture, served } from "./fixture.ts";

const pictures = process.env["PICTURES"];
const ends: (() => Promise<unknown>)[] = [];

describe.skipIf(!chromiumPath())("a study with conditions, in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
    ends.push(() => browser.close());
  });
  afterAll(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function opened(language: string) {
    const { conditions } = ComposeSettings.parse({
      conditions: {
        of: [
          { name: "told", says: "opposite", feedback: true, seconds: 2, incentive: "10 Cent." },
          { name: "named", author: "Ada Poe", feedback: true, seconds: 2 },
        ],
      },
    });
    const survey = { language, debrief: "Not all of it was true.", reveal: true, feedback: true };
    const built = await fixture({ forms: 1, stories: 2, survey });
    ends.push(built.remove);
    const forms = await readForms(built.study);
    for (const file of await filesUnder(built.study.path("forms"))) await rm(file);
    for (const form of forms.flatMap((one) =>
      formsByCondition(one, conditions!, (id) => built.origins.get(id)!, randomId),
    ))
      await writeWhole(join(built.study.folder, "forms", `${form.id}.json`), JSON.stringify(form));
    const running = await served(built.study);
    ends.push(running.close);
    return running.url;
  }

  test.each([
    ["en", "light", true],
    ["de", "dark", false],
  ] as const)(
    "in %s, %s, script %s: nothing is in the way, and the story disappears",
    async (language, colorScheme, script) => {
      const url = await opened(language);
      const context = await browser.newContext({
        ...{
          viewport: { width: 390, height: 844 },
          colorScheme,
          bypassCSP: script,
          javaScriptEnabled: script,
        },
      });
      const page = await context.newPage();
      const inspect = async (name: string) => {
        if (pictures)
          await page.screenshot({ path: join(pictures, `${language}-${name}.png`), fullPage: true });
        if (!script) return;
        expect(await violations(page), name).toEqual([]);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(wide, name).toBeLessThanOrEqual(0);
      };
      await page.goto(url);
      await page.locator("form button").click();
      await inspect("instructions");
      await page.locator("a.button").click();
      for (let position = 1; position <= 2; position++) {
        await page.waitForURL(new RegExp(`/q/${position}$`));
        await inspect(`question-${position}`);
        // The policy of the page allows the style sheet, also without the script.
        await page.waitForTimeout(2200);
        await page.locator(".story").waitFor({ state: "hidden", timeout: 5000 });
        await page.locator("label", { has: page.locator("input[value=machine]") }).click();
        await page.locator(".go button").click();
        await page.waitForURL(new RegExp(`/q/${position}/feedback$`));
        await inspect(`feedback-${position}`);
        await page.locator("a.button").click();
      }
      await page.waitForURL(/thanks$/);
      await page.locator(".reveal summary").first().click();
      await page.locator(".withdraw summary").click();
      await inspect("thanks");
      await page.locator(".withdraw button").click();
      await page.waitForURL(/\/my\//);
      await page.getByText("Not all of it was true.").waitFor();
      await inspect("withdrawn");
      await context.close();
    },
  );
});
