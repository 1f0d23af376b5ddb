import { join } from "node:path";
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Judgment } from "../../src/study/judgment.ts";
import { readForms, readJudgments } from "../../src/workbench/artefacts.ts";
import { type RunningSurvey, startSurvey } from "../../src/workplace/serve.ts";
import { chromiumPath, type SharedBrowser, sharedBrowser, withoutChromium } from "../helpers/browser.ts";
import { violations } from "./accessible.ts";
import { type Fixture, fixture, quietEffects, served } from "./fixture.ts";

/** With TINYLOVE_SCREENSHOTS=FOLDER every page is saved as a picture. */
const pictures = process.env["TINYLOVE_SCREENSHOTS"];

const found = chromiumPath();
if (!found) console.warn(withoutChromium);

/** Waits for an address. `waitForURL` fails if the second click of a double click replaces the navigation of the first. */
async function reached(page: Page, address: RegExp): Promise<void> {
  await expect.poll(() => page.url(), { timeout: 30_000 }).toMatch(address);
  await page.waitForLoadState("load");
}

describe.skipIf(!found)("in Chromium, a participant", () => {
  let browser: SharedBrowser;
  let study: Fixture;
  let survey: RunningSurvey;
  const contexts: BrowserContext[] = [];

  beforeAll(async () => {
    browser = await sharedBrowser();
    study = await fixture({ survey: { feedback: true, contact: "reading@example.org" } });
    survey = await served(study.study);
  });
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
  });
  afterAll(async () => {
    await survey?.close();
    await browser?.close();
    await study?.remove();
  });

  async function reader(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(10_000);
    contexts.push(context);
    return context.newPage();
  }

  /** The answers of the participant who answered since `before`. */
  async function answersSince(before: readonly Judgment[]): Promise<Judgment[]> {
    await survey.close();
    const known = new Set(before.map(({ participant }) => participant));
    const all = await readJudgments(study.study);
    const port = Number(new URL(survey.url).port);
    survey = await startSurvey(study.study, { port, host: "127.0.0.1" }, quietEffects());
    return all.filter(({ participant }) => !known.has(participant));
  }

  const before = () => readJudgments(study.study);

  async function begin(page: Page): Promise<void> {
    await page.goto(survey.url);
    await page.getByRole("button", { name: "I have read this" }).click();
    await page.getByRole("link", { name: "Begin" }).click();
    await page.waitForURL(/\/q\/1$/);
  }

  async function answer(page: Page, position: number, choice: string): Promise<void> {
    await page.waitForURL(new RegExp(`/q/${position}$`));
    await page.getByLabel(choice, { exact: true }).check();
    await page.getByRole("button", { name: /Next|Finish/ }).click();
  }

  async function everyPage(page: Page, look: (name: string) => Promise<void>): Promise<void> {
    await page.goto(survey.url);
    await look("consent");
    await page.getByRole("button", { name: "I have read this" }).click();
    await page.waitForURL(/instructions/);
    await look("instructions");
    await page.getByRole("link", { name: "Begin" }).click();
    await page.waitForURL(/\/q\/1$/);
    await look("question");
    await page.getByLabel("A machine", { exact: true }).check();
    await page.getByLabel("4", { exact: true }).check();
    await look("answered");
    for (let position = 1; position <= 4; position++) await answer(page, position, "A machine");
    await page.waitForURL(/thanks/);
    await look("thanks");
    await page.goto(`${survey.url}/nowhere`);
    await look("nowhere");
  }

  const keptOnce = (judgments: readonly Judgment[], choices: readonly string[]) => {
    expect(judgments.map(({ response }) => response.answer)).toEqual(choices);
    expect(new Set(judgments.map(({ question }) => question)).size).toBe(choices.length);
  };

  test("completes the survey, and reading time is measured", async () => {
    const earlier = await before();
    const page = await reader();
    await begin(page);
    await page.waitForTimeout(300);
    for (let position = 1; position <= 4; position++) await answer(page, position, "A person");
    await page.getByText("Your answers are stored").waitFor();
    await page.getByText("You were right about 2 of 4").waitFor();
    const judgments = await answersSince(earlier);
    keptOnce(judgments, ["human", "human", "human", "human"]);
    expect(judgments[0]!.ms).toBeGreaterThanOrEqual(300);
    expect(judgments.every(({ ms }) => ms !== undefined && ms < 60_000)).toBe(true);
  });

  test("goes back with the browser's button, changes an answer and continues", async () => {
    const earlier = await before();
    const page = await reader();
    await begin(page);
    await answer(page, 1, "A person");
    await answer(page, 2, "A person");
    await page.waitForURL(/\/q\/3$/);
    await page.goBack();
    await page.waitForURL(/\/q\/2$/);
    expect(await page.getByLabel("A person", { exact: true }).isChecked()).toBe(true);
    await answer(page, 2, "A machine");
    await answer(page, 3, "A person");
    await page.waitForURL(/\/q\/4$/);
    await page.getByRole("link", { name: "Back" }).click();
    await answer(page, 3, "A machine");
    await answer(page, 4, "A person");
    await page.waitForURL(/thanks/);
    await page.goBack();
    await page.waitForURL(/thanks/);
    keptOnce(await answersSince(earlier), ["human", "machine", "machine", "human"]);
  });

  test("reloads every page", async () => {
    const earlier = await before();
    const page = await reader();
    await page.goto(survey.url);
    await page.reload();
    await begin(page);
    for (let position = 1; position <= 4; position++) {
      await page.waitForURL(new RegExp(`/q/${position}$`));
      await page.reload();
      await answer(page, position, "A machine");
    }
    await page.waitForURL(/thanks/);
    await page.reload();
    await page.getByText("Your answers are stored").waitFor();
    keptOnce(await answersSince(earlier), ["machine", "machine", "machine", "machine"]);
  });

  test("clicks twice, with and without script", async () => {
    for (const javaScriptEnabled of [true, false]) {
      const earlier = await before();
      const page = await reader({ javaScriptEnabled });
      await page.goto(survey.url);
      await page.getByRole("button", { name: "I have read this" }).dblclick();
      await page.getByRole("link", { name: "Begin" }).dblclick();
      for (let position = 1; position <= 4; position++) {
        await reached(page, new RegExp(`/q/${position}$`));
        await page.getByLabel("A person", { exact: true }).check();
        await page.getByRole("button", { name: /Next|Finish/ }).dblclick();
      }
      await reached(page, /thanks/);
      keptOnce(await answersSince(earlier), ["human", "human", "human", "human"]);
    }
  });

  test("answers in two tabs, and the later answer counts", async () => {
    const earlier = await before();
    const one = await reader();
    await begin(one);
    const other = await one.context().newPage();
    await other.goto(survey.url);
    await other.goto(`${survey.url}/q/1`);
    await answer(one, 1, "A person");
    await one.waitForURL(/\/q\/2$/);
    await answer(other, 1, "A machine");
    await answer(other, 2, "A machine");
    await answer(one, 2, "A person");
    await answer(one, 3, "A person");
    await one.waitForURL(/\/q\/4$/);
    await answer(other, 3, "A machine");
    await answer(other, 4, "A machine");
    await other.waitForURL(/thanks/);
    await answer(one, 4, "A person");
    await one.getByText("Your answers are stored").waitFor();
    keptOnce(await answersSince(earlier), ["machine", "human", "machine", "machine"]);
  });

  test("needs no script, and then no reading time is stored", async () => {
    const earlier = await before();
    const page = await reader({ javaScriptEnabled: false });
    await everyPage(page, async () => {});
    const judgments = await answersSince(earlier);
    keptOnce(judgments, ["machine", "machine", "machine", "machine"]);
    expect(judgments.every(({ ms }) => ms === undefined)).toBe(true);
  });

  test("needs only a keyboard", async () => {
    const earlier = await before();
    const page = await reader();
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await page.goto(survey.url);
    await press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the text");
    await press("Tab", "Enter");
    await page.waitForURL(/instructions/);
    await press("Tab", "Tab", "Enter");
    for (let position = 1; position <= 4; position++) {
      await page.waitForURL(new RegExp(`/q/${position}$`));
      // Skip link, first choice, arrow to the second; the scale; the reason; the button.
      await press("Tab", "Tab", "ArrowDown", "Tab", "Space", "ArrowRight", "Tab");
      await page.keyboard.type("It ended too well.");
      await press("Tab", "Enter");
    }
    await page.waitForURL(/thanks/);
    const judgments = await answersSince(earlier);
    keptOnce(judgments, ["machine", "machine", "machine", "machine"]);
    expect(judgments[2]!.response).toEqual({
      answer: "machine",
      confidence: "2",
      reason: "It ended too well.",
    });
  });

  test("loses the network, and the answer is sent when it is back", async () => {
    const earlier = await before();
    const page = await reader();
    await begin(page);
    await page.context().setOffline(true);
    await answer(page, 1, "A person");
    await page.getByText("There is no connection at the moment").waitFor();
    await page.context().setOffline(false);
    await answer(page, 2, "A person");
    // The server dies during an answer, and the tab is closed meanwhile.
    await page.waitForURL(/\/q\/3$/);
    const port = Number(new URL(survey.url).port);
    await survey.close();
    await answer(page, 3, "A machine");
    await page.getByText("There is no connection at the moment").waitFor();
    await page.close();
    survey = await startSurvey(study.study, { port, host: "127.0.0.1" }, quietEffects());
    const again = await contexts.at(-1)!.newPage();
    await again.goto(survey.url);
    await answer(again, 4, "A person");
    await again.waitForURL(/thanks/);
    keptOnce(await answersSince(earlier), ["human", "human", "machine", "human"]);
  });

  test("finds every page accessible, light and dark, on a phone and on a desktop", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      for (const [device, viewport] of [
        ["phone", { width: 320, height: 640 }],
        ["desk", { width: 1280, height: 860 }],
      ] as const) {
        const page = await reader({ colorScheme, viewport, bypassCSP: true });
        await everyPage(page, async (name) => {
          const { width, scroll } = await page.evaluate(() => ({
            width: innerWidth,
            scroll: document.documentElement.scrollWidth,
          }));
          expect(scroll, `${name} scrolls sideways at ${width}`).toBeLessThanOrEqual(width);
          if (pictures) {
            await page.screenshot({
              path: join(pictures, `${name}-${device}-${colorScheme}.png`),
              fullPage: true,
            });
          }
          expect(await violations(page), `${name}, ${device}, ${colorScheme}`).toEqual([]);
        });
      }
    }
  });

  test("finds every kind of question accessible, in every language", async () => {
    const tasks = [
      { task: "which-is-human", stimuli: 2 },
      { task: "how-it-felt", stimuli: 1 },
      { task: "fits-its-title", stimuli: 1 },
      { task: "attention-check", stimuli: 0 },
      { task: "free-text", stimuli: 0 },
      { task: "demographics", stimuli: 0 },
    ];
    const demographics = [
      { name: "age", ask: "How old are you?", number: true, required: true },
      { name: "reads", ask: "How often do you read stories?", options: ["daily", "now and then", "never"] },
      { name: "tongue", ask: "What is your first language?" },
    ];
    for (const [language, width] of [
      ["en", 1280],
      ["de", 320],
    ] as const) {
      // All questions about a story on one page, or each on its own.
      const pages = language === "en" ? "question" : "story";
      const other = await fixture({ stories: 4, tasks, survey: { demographics, language, pages } });
      const own = await served(other.study);
      const page = await reader({ viewport: { width, height: 800 }, bypassCSP: true });
      await page.goto(own.url);
      await page.getByRole("main").getByRole("button").click();
      await page.locator("a.button").click();
      for (let position = 1; position <= (language === "en" ? 10 : 8); position++) {
        await page.waitForURL(new RegExp(`/q/${position}$`));
        const names = await page
          .locator("input[type=radio][required]")
          .evaluateAll((inputs) => [...new Set(inputs.map((input) => (input as HTMLInputElement).name))]);
        for (const name of names) await page.locator(`input[name="${name}"]`).first().check();
        if (await page.locator("input[type=number]").count())
          await page.locator("input[type=number]").fill("40");
        if (pictures) {
          const path = join(pictures, `task-${language}-${position}.png`);
          await page.screenshot({ path, fullPage: true });
        }
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
        expect(await violations(page), `${language}, question ${position}`).toEqual([]);
        await page.locator("form.question button").click();
      }
      await page.waitForURL(/thanks/);
      await own.close();
      const judgments = await readJudgments(other.study);
      expect(judgments).toHaveLength(10);
      expect(judgments.find(({ task }) => task === "demographics")!.response["age"]).toBe("40");
      const pair = judgments.find(({ task }) => task === "which-is-human")!;
      expect(pair.side).toMatch(/left|right/);
      const [form] = (await readForms(other.study)).filter(({ id }) => id === pair.form);
      expect(pair.stimuli).toEqual(form!.questions.find(({ id }) => id === pair.question)!.stimuli);
      await other.remove();
    }
  });

  test("contacts no other server and causes no error in the console", async () => {
    const page = await reader();
    const strays: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(survey.url) && !request.url().startsWith("data:"))
        strays.push(request.url());
    });
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().includes("404")) strays.push(message.text());
    });
    page.on("pageerror", (error) => strays.push(String(error)));
    await everyPage(page, async () => {});
    expect(strays).toEqual([]);
  });
});
