import { readFile } from "node:fs/promises";
import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli.ts";
import { readTable } from "../../src/tables/tables.ts";
import { readJudgments } from "../../src/workbench/artefacts.ts";
import type { RunningSurvey } from "../../src/workplace/serve.ts";
import { chromiumPath, type SharedBrowser, sharedBrowser, withoutChromium } from "../helpers/browser.ts";
import { type Fixture, fixture, progressOf, quietEffects, served } from "./fixture.ts";

/** One study, from consent to report, with five participants at the same time who each use the survey differently. */

const found = chromiumPath();
if (!found) console.warn(withoutChromium);

const tasks = [
  { task: "which-is-human", stimuli: 2 },
  { task: "how-it-felt", stimuli: 1 },
  { task: "fits-its-title", stimuli: 1 },
  { task: "attention-check", stimuli: 0 },
  { task: "free-text", stimuli: 0 },
  { task: "demographics", stimuli: 0 },
];
const questions = 4 + tasks.length;

/** The intended answers, by position. */
type Meant = Record<string, string>[];

interface Person {
  readonly name: string;
  readonly context: BrowserContextOptions;
  /** Completes the survey, and returns the intended answers. */
  takePart(page: Page, url: string): Promise<Meant>;
}

describe.skipIf(!found)("five people at once", () => {
  let browser: SharedBrowser;
  let built: Fixture;
  let survey: RunningSurvey;

  beforeAll(async () => {
    browser = await sharedBrowser();
    built = await fixture({
      forms: 2,
      tasks,
      survey: {
        // One answer a page, so that "changed the third answer" has one meaning; own-questions.test.ts has pages with several.
        pages: "question",
        feedback: true,
        demographics: [
          { name: "age", ask: "How old are you?", number: true, required: true },
          {
            name: "reads",
            ask: "How often do you read stories?",
            options: ["daily", "now and then", "never"],
          },
        ],
      },
    });
    survey = await served(built.study);
  });
  afterAll(async () => {
    await survey?.close();
    await browser?.close();
    await built?.remove();
  });

  test("are each stored once as intended, on balanced forms, and a report follows", async () => {
    const { study } = built;
    const outcomes = await Promise.all(people.map((person) => outcomeOf(person)));

    expect(await progressOf(survey)).toMatchObject({
      visits: 5,
      consented: 5,
      answering: 0,
      completed: 5,
      droppedOut: 0,
    });

    await survey.close();
    const judgments = await readJudgments(study);
    expect(judgments).toHaveLength(people.length * questions);
    for (const { name, id, meant } of outcomes) {
      const own = judgments.filter(({ participant }) => participant === id);
      const stored = own.map(({ response }) =>
        Object.fromEntries(Object.entries(response).map(([field, value]) => [field, String(value)])),
      );
      expect([name, stored]).toEqual([name, meant.map((fields) => ({ answer: "given", ...fields }))]);
      expect(own.map(({ order }) => order)).toEqual(Array.from({ length: questions }, (_, at) => at + 1));
      const measured = own.filter(({ ms }) => ms !== undefined).length;
      expect([name, measured]).toEqual([name, name === "no JavaScript" ? 0 : questions]);
    }
    const participants = await readTable(study.path("judgments/participants.csv"));
    const forms = participants.map(({ form }) => form);
    expect([...new Set(forms)].map((form) => forms.filter((one) => one === form).length).sort()).toEqual([
      2, 3,
    ]);
    expect(participants.map(({ filled_honeypots }) => filled_honeypots)).toEqual(["0", "0", "0", "0", "0"]);

    const effects = quietEffects();
    for (const stage of ["analyse", "report"])
      expect(
        [stage, await main([stage, "--study", study.folder], effects)],
        effects.logged.join("\n"),
      ).toEqual([stage, 0]);
    const report = await readFile(study.path("report/report.md"), "utf8");
    expect(report).toMatch(/\b5 (readers|participants)\b/);
  });

  async function outcomeOf(person: Person): Promise<{ name: string; id: string; meant: Meant }> {
    const context = await browser.newContext(person.context);
    context.setDefaultTimeout(60_000);
    try {
      const page = await context.newPage();
      const meant = await person.takePart(page, survey.url);
      await page.waitForURL(/thanks/);
      await page.getByText("Your answers are stored").waitFor();
      await page.getByText(/You were right about \d of 5/).waitFor();
      const link = await page.getByRole("link", { name: "Your personal link" }).getAttribute("href");
      return { name: person.name, id: /^\/my\/([a-z2-7]{26})-/.exec(link!)![1]!, meant };
    } finally {
      await context.close();
    }
  }
});

const consents = /I have read this/;
const goesOn = /Next|Finish/;
const at = (position: number) => new RegExp(`/q/${position}$`);

/** The fields of the form, without hidden ones. */
async function filled(page: Page): Promise<Record<string, string>> {
  const names = await page
    .locator("form.question :is(input:not([type=hidden]):not([name=website]), textarea)")
    .evaluateAll((fields) =>
      (fields as (HTMLInputElement | HTMLTextAreaElement)[])
        .filter(
          (field) => field.value !== "" && (field.type !== "radio" || (field as HTMLInputElement).checked),
        )
        .map((field) => [field.name, field.value] as const),
    );
  return Object.fromEntries(names);
}

/** Answers a question with `press`, a click or a tap: in each choice the option at `place`, and text where possible. */
async function fillWith(
  page: Page,
  place: number,
  press: (selector: string) => Promise<void>,
): Promise<Record<string, string>> {
  const groups = await page
    .locator("form.question input[type=radio]")
    .evaluateAll((inputs) => [...new Set(inputs.map((input) => (input as HTMLInputElement).name))]);
  for (const name of groups) {
    const options = await page.locator(`form.question input[name="${name}"]`).count();
    await press(`form.question label:has(input[name="${name}"]) >> nth=${place % options}`);
  }
  for (const field of await page.locator("form.question textarea").all())
    await field.fill(`It was ${place}, “quite”.`);
  for (const field of await page.locator("form.question input[type=number]").all())
    await field.fill(String(30 + place));
  return filled(page);
}

async function begin(page: Page, url: string, press: (selector: string) => Promise<void>): Promise<void> {
  await page.goto(url);
  await press("main form button");
  await page.waitForURL(/instructions/);
  await press("a.button");
  await page.waitForURL(at(1));
}

const phone: Person = {
  name: "phone",
  context: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 1 },
  async takePart(page, url) {
    const tap = (selector: string) => page.locator(selector).tap();
    const meant: Meant = [];
    await begin(page, url, tap);
    for (let position = 1; position <= questions; position++) {
      await page.waitForURL(at(position));
      meant.push(await fillWith(page, position, tap));
      await tap("form.question button");
    }
    return meant;
  },
};

/** Reads on, returns to the third question, and changes the answer. */
const desktop: Person = {
  name: "desktop",
  context: { viewport: { width: 1280, height: 860 } },
  async takePart(page, url) {
    const click = (selector: string) => page.locator(selector).click();
    const meant: Meant = [];
    await begin(page, url, click);
    for (let position = 1; position <= questions; position++) {
      await page.waitForURL(at(position));
      meant[position - 1] = await fillWith(page, 0, click);
      await page.getByRole("button", { name: goesOn }).dblclick();
      if (position !== 4) continue;
      await page.waitForURL(at(5));
      await page.goBack();
      await page.waitForURL(at(4));
      await page.getByRole("link", { name: "Back" }).click();
      for (const again of [3, 4]) {
        await page.waitForURL(at(again));
        await page.reload();
        meant[again - 1] = await fillWith(page, 1, click);
        await page.getByRole("button", { name: goesOn }).click();
      }
    }
    return meant;
  },
};

const keyboard: Person = {
  name: "keyboard only",
  context: { viewport: { width: 1024, height: 700 } },
  async takePart(page, url) {
    const focused = () =>
      page.evaluate(() => {
        const { tagName, type, name } = document.activeElement as HTMLInputElement;
        return { tag: tagName, type, name };
      });
    const press = (key: string) => page.keyboard.press(key);
    /** Tabs through a page until `stop`, and fills each field by its kind. */
    async function through(stop: (tag: string) => boolean): Promise<void> {
      for (let tabs = 0; tabs < 40; tabs++) {
        await press("Tab");
        const { tag, type, name } = await focused();
        expect(name, "nobody gets to the field that is not for people").not.toBe("website");
        if (stop(tag)) return;
        if (type === "radio") {
          await press("Space");
          await press("ArrowRight");
        } else if (type === "number") await page.keyboard.type("41");
        else if (tag === "TEXTAREA") await page.keyboard.type("By keys alone.");
      }
      throw new Error("the keyboard does not get there");
    }
    const meant: Meant = [];
    await page.goto(url);
    await through((tag) => tag === "BUTTON");
    await press("Enter");
    await page.waitForURL(/instructions/);
    await press("Tab");
    await press("Tab");
    await press("Enter");
    for (let position = 1; position <= questions; position++) {
      await page.waitForURL(at(position));
      await through((tag) => tag === "BUTTON");
      meant.push(await filled(page));
      await press("Enter");
    }
    return meant;
  },
};

const withoutScript: Person = {
  name: "no JavaScript",
  context: { javaScriptEnabled: false, viewport: { width: 360, height: 740 }, colorScheme: "dark" },
  async takePart(page, url) {
    const meant: Meant = [];
    const click = (selector: string) => page.locator(selector).click();
    await page.goto(url);
    await page.getByRole("button", { name: consents }).click();
    await page.getByRole("link", { name: "Begin" }).click();
    for (let position = 1; position <= questions; position++) {
      await page.waitForURL(at(position));
      meant.push(await fillWith(page, 2, click));
      await page.getByRole("button", { name: goesOn }).click();
    }
    return meant;
  },
};

/** In turn a request is lost, a reply is lost, and once everything is offline. */
const flaky: Person = {
  name: "flaky network",
  context: { viewport: { width: 390, height: 844 } },
  async takePart(page, url) {
    const click = (selector: string) => page.locator(selector).click();
    await begin(page, url, click);
    let posts = 0;
    await page.route(/\/q\/\d+$/, async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      posts += 1;
      if (posts % 5 === 1) return route.abort("connectionreset");
      if (posts % 5 === 2) {
        await route.fetch();
        return route.abort("connectionreset");
      }
      return route.continue();
    });
    const meant: Meant = [];
    for (let position = 1; position <= questions; position++) {
      await page.waitForURL(at(position));
      meant.push(await fillWith(page, position + 1, click));
      if (position === 2) await page.context().setOffline(true);
      await page.getByRole("button", { name: goesOn }).click();
      if (position !== 2) continue;
      await page.getByText("There is no connection at the moment").waitFor();
      await page.context().setOffline(false);
    }
    expect(posts).toBeGreaterThan(questions);
    return meant;
  },
};

const people: readonly Person[] = [phone, desktop, keyboard, withoutScript, flaky];
