import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { readJudgments } from "../../src/workbench/artefacts.ts";
import { chromiumPath, type SharedBrowser, sharedBrowser, withoutChromium } from "../helpers/browser.ts";
import { control, fixture, served } from "./fixture.ts";

const found = chromiumPath();
if (!found) console.warn(withoutChromium);

describe.skipIf(!found)("in Chromium,", () => {
  let browser: SharedBrowser;
  beforeAll(async () => {
    browser = await sharedBrowser();
  });
  afterAll(() => browser?.close());
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function open(shape: Parameters<typeof fixture>[0] = {}) {
    const built = await fixture({ forms: 1, stories: 2, ...shape });
    const survey = await served(built.study);
    ends.push(built.remove, survey.close);
    return { ...built, survey };
  }

  async function reader(
    prepare: (context: BrowserContext) => Promise<unknown> = async () => {},
  ): Promise<Page> {
    const context = await browser.newContext();
    context.setDefaultTimeout(15_000);
    ends.push(() => context.close());
    await prepare(context);
    return context.newPage();
  }

  async function begin(page: Page, address: string): Promise<void> {
    await page.goto(address);
    await page.getByRole("button", { name: "I have read this" }).click();
    await page.getByRole("link", { name: "Begin" }).click();
    await page.waitForURL(/\/q\/1$/);
  }

  async function answer(page: Page, position: number, label: string): Promise<void> {
    await page.waitForURL(new RegExp(`/q/${position}$`));
    await page.getByLabel(label, { exact: true }).check();
    await page.getByRole("button", { name: /Next|Finish/ }).click();
  }

  const personalOf = async (page: Page): Promise<string> =>
    (await page.getByRole("link", { name: "Your personal link" }).getAttribute("href"))!;

  // ---- Two people in one browser

  test("two people by Prolific and two by invitations, in one browser, are four participants with four codes", async () => {
    // Without a code in the settings each participant has a different one.
    const { study, survey } = await open({ survey: { recruiting: { service: "prolific" } } });
    const invited = (await (await control(survey, "invitations", { count: "2" })).json()) as string[];
    const addresses = [
      "/?PROLIFIC_PID=aaaa1&STUDY_ID=s&SESSION_ID=v",
      "/?PROLIFIC_PID=bbbb2&STUDY_ID=s&SESSION_ID=w",
      ...invited,
    ].map((path) => survey.url + path);
    const page = await reader();
    // All of them begin before any of them ends; the first two are half-way meanwhile.
    const ways: string[] = [];
    for (const [at, address] of addresses.entries()) {
      await begin(page, address);
      if (at > 1) continue;
      await answer(page, 1, at === 0 ? "A person" : "A machine");
      await page.waitForURL(/\/q\/2$/);
    }
    const codes: string[] = [];
    for (const [at, address] of addresses.entries()) {
      await page.goto(address);
      if (at < 2) await page.waitForURL(/\/q\/2$/);
      else {
        await page.getByRole("link", { name: "Begin" }).click();
        await answer(page, 1, "A person");
      }
      await answer(page, 2, "A person");
      await page.waitForURL(/thanks$/);
      codes.push((await page.locator(".code strong").textContent())!);
      ways.push(await personalOf(page));
    }
    expect(new Set(codes).size).toBe(4);
    expect(new Set(ways).size).toBe(4);
    // A participant who returns by their address gets their own code again.
    for (const [at, address] of addresses.entries()) {
      await page.goto(address);
      await page.waitForURL(/thanks$/);
      expect(await page.locator(".code strong").textContent()).toBe(codes[at]);
    }
    await survey.close();
    const judgments = await readJudgments(study);
    expect(judgments).toHaveLength(8);
    expect(new Set(judgments.map(({ participant }) => participant)).size).toBe(4);
    expect(judgments.filter(({ response }) => response.answer === "machine")).toHaveLength(1);
  });

  test("an unsent answer is sent for its own participant, and redirects nobody else", async () => {
    const { study, survey } = await open({ survey: { recruiting: { service: "prolific" } } });
    const page = await reader();
    await begin(page, `${survey.url}/?PROLIFIC_PID=aaaa1`);
    await page.context().setOffline(true);
    await answer(page, 1, "A machine");
    await page.getByText("There is no connection at the moment").waitFor();
    await page.close();
    const second = await page.context().newPage();
    await page.context().setOffline(false);
    await begin(second, `${survey.url}/?PROLIFIC_PID=bbbb2`);
    await answer(second, 1, "A person");
    await answer(second, 2, "A person");
    await second.waitForURL(/thanks$/);
    await second.goto(`${survey.url}/?PROLIFIC_PID=aaaa1`);
    await answer(second, 2, "A machine");
    await second.waitForURL(/thanks$/);
    await survey.close();
    const answers = (await readJudgments(study)).map(
      ({ participant, response }) => `${participant} ${response.answer}`,
    );
    expect(answers).toHaveLength(4);
    expect(new Set(answers).size).toBe(2);
  });

  // ---- Browsers in which the script cannot work

  test.each<[string, string]>([
    ["without AbortSignal.timeout", "delete AbortSignal.timeout"],
    ["without AbortSignal", "delete window.AbortSignal"],
    ["without AbortController", "delete window.AbortController"],
    ["without fetch", "delete window.fetch"],
    ["with a fetch that throws", "window.fetch = () => { throw new Error('broken') }"],
    ["with a fetch that is no function", "window.fetch = 'blocked'"],
    ["without FormData", "delete window.FormData"],
    ["without URLSearchParams", "delete window.URLSearchParams"],
    ["without URL", "delete window.URL"],
    ["without performance.now", "delete Performance.prototype.now"],
    [
      "whose storage throws",
      "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError') } })",
    ],
    ["whose storage is full of another's words", "localStorage.setItem('tinylove-outbox', '\"nothing\"')"],
    ["whose listeners throw", "document.addEventListener = () => { throw new Error('broken') }"],
  ])("%s every answer arrives", async (_, breakage) => {
    const { study, survey } = await open();
    const page = await reader((context) => context.addInitScript(breakage));
    await begin(page, survey.url);
    await answer(page, 1, "A machine");
    await answer(page, 2, "A person");
    await page.waitForURL(/thanks$/);
    await survey.close();
    expect((await readJudgments(study)).map(({ response }) => response.answer)).toEqual(["machine", "human"]);
  });

  test("if the script does not load, or fails, the browser submits the form", async () => {
    for (const body of [
      undefined,
      "const form = document.querySelector('form'); form.addEventListener('submit', (e",
    ]) {
      const { study, survey } = await open();
      const page = await reader((context) =>
        context.route(/outbox\.js$/, (route) =>
          body === undefined ? route.abort() : route.fulfill({ contentType: "text/javascript", body }),
        ),
      );
      await begin(page, survey.url);
      await answer(page, 1, "A machine");
      await answer(page, 2, "A person");
      await page.waitForURL(/thanks$/);
      await survey.close();
      expect(await readJudgments(study)).toHaveLength(2);
    }
  });

  // ---- A proxy between the page and the survey

  test.each<[string, number, string, string]>([
    ["403 in JSON", 403, "application/json", '{"error":"blocked by policy"}'],
    ["407 in JSON", 407, "application/json", '{"message":"log in","next":null}'],
    ["401 with a page", 401, "text/html", "<h1>Log in to the network</h1>"],
    ["404 in JSON with somebody else's address", 404, "application/json", '{"next":"https://evil.example/"}'],
    ["200 with a page", 200, "text/html", "<h1>Accept our terms</h1>"],
    ["400 and nothing", 400, "text/plain", ""],
  ])(
    "a proxy's own %s is reported, and the answer is kept until it is stored",
    async (_, status, contentType, body) => {
      const { study, survey } = await open();
      const page = await reader();
      await begin(page, survey.url);
      let refusals = 0;
      await page.route(/\/q\/1$/, (route) =>
        route.request().method() === "POST" && refusals++ < 2
          ? route.fulfill({ status, contentType, body })
          : route.continue(),
      );
      await page.getByLabel("A machine", { exact: true }).check();
      await page.getByLabel(/What made you think so/).fill("It was too neat.");
      await page.getByRole("button", { name: "Next" }).click();
      await page.getByText("blocked on its way to the survey. It is saved in this browser").waitFor();
      expect(await page.evaluate(() => Object.values({ ...localStorage }).join())).toContain("too+neat");
      await answer(page, 2, "A person");
      await page.waitForURL(/thanks$/);
      expect(await page.evaluate(() => localStorage.length)).toBe(0);
      await survey.close();
      expect((await readJudgments(study)).map(({ response }) => response)).toMatchObject([
        { answer: "machine", reason: "It was too neat." },
        { answer: "human" },
      ]);
    },
  );

  test("an answer that is too long stays on the page to be shortened", async () => {
    const { study, survey } = await open({ stories: 2, tasks: [{ task: "free-text", stimuli: 0 }] });
    const page = await reader();
    await begin(page, survey.url);
    await answer(page, 1, "A person");
    await answer(page, 2, "A person");
    await page.waitForURL(/\/q\/3$/);
    const field = page.locator("form.question textarea");
    await field.evaluate((element) => element.removeAttribute("maxlength"));
    await field.fill("word ".repeat(8000));
    await page.getByRole("button", { name: "Finish" }).click();
    await page.getByText("This text is too long").waitFor();
    expect((await field.inputValue()).length).toBe(40_000);
    await field.fill("shorter");
    await page.getByRole("button", { name: "Finish" }).click();
    await page.waitForURL(/thanks$/);
    await survey.close();
    expect((await readJudgments(study)).at(-1)!.response.answer).toBe("shorter");
  });
});
