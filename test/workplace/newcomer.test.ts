import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { writeWhole } from "../../src/workbench/files.ts";
import { chromiumPath, sharedBrowser, withoutChromium } from "../helpers/browser.ts";
import { builtProgram } from "../helpers/built.ts";
import { storyTable } from "../helpers/small-study.ts";
import { temporaryFolder } from "../helpers/world.ts";
import { violations } from "../survey/accessible.ts";
import { quietEffects, TestClient } from "../survey/fixture.ts";
import { opened } from "./opened.ts";

const found = chromiumPath();
if (!found) console.warn(withoutChromium);

/** With TINYLOVE_SCREENSHOTS=FOLDER every page is saved as pictures. */
const pictures = process.env["TINYLOVE_SCREENSHOTS"];

describe.skipIf(!found)("a newcomer with a table of stories,", () => {
  test("makes a study, runs it, rehearses, gets five answers and reads the report, without a terminal", {
    timeout: 300_000,
  }, async () => {
    const parent = await temporaryFolder();
    const program = await builtProgram();
    const place = await opened(join(parent, "my-study"), quietEffects({ env: process.env }), { program });
    const browser = await sharedBrowser();
    const context = await browser.newContext({ bypassCSP: true, viewport: { width: 390, height: 844 } });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    const errors: string[] = [];
    page.on("pageerror", ({ message }) => errors.push(message));
    try {
      // The address that `tinylove open` prints; without a study it leads to a new one.
      await page.goto(`${place.url}/login#${place.token}`);
      await page.waitForURL(`${place.url}/new`);
      expect(page.url()).not.toContain(place.token);
      await checked(page, "new");
      const table = join(parent, "My own stories.csv");
      await writeWhole(table, storyTable().replace("title,text", "headline,body"));
      await page.locator('input[type="file"]').setInputFiles(table);
      await page.getByText("has 12 rows").waitFor();
      expect(await page.locator('select[name="column-title"]').inputValue()).toBe("headline");
      expect(await page.locator('select[name="column-text"]').inputValue()).toBe("body");
      expect(await page.locator("tbody tr").count()).toBe(10);
      await checked(page, "columns");
      await tabTo(page, "Make the study");
      await page.keyboard.press("Enter");
      await page.waitForURL(`${place.url}/`);
      await page.getByRole("heading", { name: "Next: collect" }).waitFor();

      // Settings in the form, by the keyboard.
      await tabTo(page, "Settings");
      await page.keyboard.press("Enter");
      await page.getByLabel("Find a setting").fill("models");
      await page.locator("#generate-models").fill('- address: "echo:"');
      await page.getByLabel("Find a setting").fill("skip");
      await page.locator("#describe-skip").fill("[grammar, perplexity]");
      await page.getByLabel("Find a setting").fill("words");
      await page.locator("#compose-words-least").fill("60");
      await page.locator("#compose-words-most").fill("70");
      await checked(page, "settings");
      await tabTo(page, "Save");
      await page.keyboard.press("Enter");
      await page.getByText("Saved in study.yaml").waitFor();

      await page.goto(place.url);
      await checked(page, "home");
      await tabTo(page, /^Run \d+ stages$/);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Next: open the survey" }).waitFor();
      await checked(page, "home-after");
      await page.goto(`${place.url}/stories`);
      await page.getByRole("searchbox").fill("Title 1");
      await page.getByText(/^\d+ titles?, \d+ texts?$/).waitFor();
      await checked(page, "stories");
      await page.locator("tbody a").first().click();
      await page.getByText("Prompt and settings").first().click();
      await checked(page, "story");

      await page.goto(`${place.url}/rehearsal`);
      await checked(page, "rehearsal");
      await page
        .getByRole("link", { name: /^Rehearse/ })
        .first()
        .click();
      await page.getByRole("button").first().click();
      await page
        .getByText(/rehears/i)
        .first()
        .waitFor();

      await page.goto(`${place.url}/survey`);
      await tabTo(page, "Open the survey");
      await page.keyboard.press("Enter");
      const link = page.locator(".public a");
      await link.waitFor();
      await checked(page, "survey-open");
      const address = (await link.getAttribute("href"))!.replace(/\/$/, "");
      for (let reader = 0; reader < 5; reader++) {
        const participant = new TestClient(address);
        await participant.begin();
        expect(await participant.finish()).toContain("Thank you");
      }
      await page.waitForFunction(() =>
        document.querySelector("#figures")?.textContent?.match(/completed\s*5/),
      );
      await page.reload();
      await checked(page, "survey");
      await page.goto(`${place.url}/coders`);
      await checked(page, "coders");

      await page.goto(place.url);
      await tabTo(page, /^Run (\d+ stages|\w+)$/);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Everything is up to date" }).waitFor();
      await page.goto(`${place.url}/report`);
      const report = page.frameLocator("iframe");
      await report.locator("h1").first().waitFor();
      expect(await report.locator("body").textContent()).toMatch(/\b5 (readers|people|participants)/);
      await checked(page, "report");
      const download = page.waitForEvent("download");
      await page.getByRole("link", { name: "report.md" }).first().click();
      expect((await download).suggestedFilename()).toBe("report.md");
      expect(errors).toEqual([]);
    } finally {
      await browser.close();
      await place.close();
    }
  });
});

/** Presses Tab until the control with this name has the focus. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  for (let presses = 0; presses < 400; presses++) {
    await page.keyboard.press("Tab");
    const text = await page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");
    if (typeof name === "string" ? text === name : name.test(text)) return;
  }
  throw new Error(`no way by the keyboard to ${name}`);
}

/** axe finds nothing in light and dark, and nothing is wider than a phone. */
async function checked(page: Page, name: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violations(page), `${name}, ${colorScheme}`).toEqual([]);
    if (pictures)
      await page.screenshot({ path: join(pictures, `${name}-phone-${colorScheme}.png`), fullPage: true });
  }
  expect(
    await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
    name,
  ).toBeLessThanOrEqual(0);
  if (!pictures) return;
  await page.setViewportSize({ width: 1280, height: 900 });
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(pictures, `${name}-desk-${colorScheme}.png`) });
  }
  await page.setViewportSize({ width: 390, height: 844 });
}
