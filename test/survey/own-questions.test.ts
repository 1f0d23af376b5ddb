import type { Page } from "playwright-core";
import { afterEach, describe, expect, test } from "vitest";
import { readJudgments } from "../../src/workbench/artefacts.ts";
import { chromiumPath, type SharedBrowser, sharedBrowser, withoutChromium } from "../helpers/browser.ts";
import { violations } from "./accessible.ts";
import { hiddenFields, quietEffects, served, TestClient } from "./fixture.ts";
import { studyWithQuestions } from "./own-questions.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function open(survey: Parameters<typeof studyWithQuestions>[0] = {}, stories: 1 | 2 = 2) {
  const built = await studyWithQuestions(survey, stories);
  ends.push(built.remove);
  const own = await served(built.study, quietEffects());
  let closed = false;
  const close = async () => {
    if (!closed) await own.close();
    closed = true;
  };
  ends.push(close);
  return { ...built, ...own, close };
}

/** The name of every field of a page that its form requires, and of the first checkbox of each group. */
const fieldsOf = (text: string): string[] => [
  ...new Set([...text.matchAll(/ name="([\w.-]+)"[^>]* required/g)].map(([, name]) => name!)),
  ...[...text.matchAll(/type="checkbox" name="([\w.-]+)\.\w+"/g)].map(([, name]) => `${name}.tender`),
];

/** A right value for a field: of radio buttons `liking` if it is a step of a long scale, a tie, or the first. */
function answerIn(text: string, field: string, liking: string): string {
  const values = [...text.matchAll(/ name="([\w.-]+)" value="(\w+)"/g)].flatMap(([, name, value]) =>
    name === field ? [value!] : [],
  );
  if (values.length === 0) return "It made me laugh.";
  return values.find((value) => value === "tie" || (values.length === 11 && value === liking)) ?? values[0]!;
}

const answersTo = (text: string, liking: string): Record<string, string> =>
  Object.fromEntries(fieldsOf(text).map((field) => [field, answerIn(text, field, liking)]));

async function answerPage(walker: TestClient, page: number, liking: string) {
  const { text } = await walker.get(`/q/${page}`);
  return walker.post(`/q/${page}`, { ...hiddenFields(text), ...answersTo(text, liking) });
}

/** Answers pages from the address on; returns the addresses on the way. */
async function walk(walker: TestClient, from: string, liking: string): Promise<string[]> {
  const way = [];
  for (let address = from; address.startsWith("/q/"); ) {
    const reply = await answerPage(walker, Number(address.slice(3)), liking);
    expect(reply.status, `${address}: ${reply.text.slice(0, 300)}`).toBe(303);
    way.push(address);
    address = reply.location;
    if (way.length > 20) throw new Error(way.join(" "));
  }
  return way;
}

async function pageAbout(walker: TestClient, task: string): Promise<{ page: number; text: string }> {
  for (let page = 1; ; page++) {
    const { status, text } = await walker.get(`/q/${page}`);
    if (status === 200 && text.includes(`name="${task}.answer`)) return { page, text };
    if (page > 20) throw new Error(`no page with ${task}`);
    if (status === 200) await answerPage(walker, page, "5");
  }
}

describe("a page with several questions", () => {
  test("is stored as a whole or not at all, and says which question has no answer", async () => {
    const { url, study, close } = await open();
    const walker = new TestClient(url);
    await walker.begin();
    const { page, text } = await pageAbout(walker, "liking");
    const all = answersTo(text, "5");
    const { "quality-honest.answer": _, ...some } = all;
    const missing = await walker.post(`/q/${page}`, { ...hiddenFields(text), ...some });
    expect(missing.status).toBe(400);
    expect(missing.text).toContain("The question was: How far do you agree? The story feels honest.");
    expect(missing.text).toMatch(/name="liking.answer" value="5" required checked/);
    expect(missing.text).toMatch(/name="mood.answer.tender" value="yes" checked/);
    const unknown = await walker.post(`/q/${page}`, { ...hiddenFields(text), ...all, "liking.answer": "12" });
    expect([unknown.status, unknown.text.includes("We could not read part of this answer")]).toEqual([
      400,
      true,
    ]);
    expect((await walker.get("/q/9")).status).toBeGreaterThanOrEqual(300);

    const [first, again] = await Promise.all(
      [0, 1].map(() => walker.post(`/q/${page}`, { ...hiddenFields(text), ...all })),
    );
    expect([first!.status, again!.status, again!.location]).toEqual([303, 303, first!.location]);
    const other = await walker.post(`/q/${page}`, { ...hiddenFields(text), ...all, "liking.answer": "6" });
    expect(other.status).toBe(409);
    await close();
    const judgments = await readJudgments(study);
    expect(judgments.filter(({ task }) => task === "liking").map(({ response }) => response.answer)).toEqual([
      "5",
    ]);
    expect(judgments.filter(({ task }) => task === "quality-honest")).toHaveLength(1);
    // What was left out is an empty answer.
    expect(judgments.find(({ task }) => task === "ending")!.response.answer).toBe("");
    expect(judgments.find(({ task }) => task === "mood")!.response.answer).toBe("tender");
  });

  test("with the script keeps what was typed, and a short text is refused with the least length", async () => {
    const { url } = await open();
    const walker = new TestClient(url);
    await walker.begin();
    const { page, text } = await pageAbout(walker, "liking");
    const next = (await walker.post(`/q/${page}`, { ...hiddenFields(text), ...answersTo(text, "11") }))
      .location;
    const why = (await walker.get(next)).text;
    expect(why.indexOf("why.answer")).toBeLessThan(why.indexOf("human-or-machine.answer"));
    const fields = { ...hiddenFields(why), "why.answer": "It is.", "human-or-machine.answer": "human" };
    const plain = await walker.post(next, fields);
    expect([plain.status, plain.text.includes("at least 12 characters")]).toEqual([400, true]);
    expect(plain.text).toContain(">It is.</textarea>");
    const script = await walker.post(next, fields, { accept: "application/json" });
    expect(script.status).toBe(422);
    expect(JSON.parse(script.text).stay).toContain("at least 12 characters");
  });
});

test("a question that depends on an earlier answer is asked after it, also when the answer is changed later", async () => {
  const { url, study, close } = await open();
  const walker = new TestClient(url);
  await walker.begin();
  const way = await walk(walker, "/q/1", "5");
  expect((await walker.get("/thanks")).status).toBe(200);
  const second = new TestClient(url);
  await second.begin();
  // Everything but the last page, then back to the first story.
  for (const address of way.slice(0, -1)) await answerPage(second, Number(address.slice(3)), "5");
  const stories: string[] = [];
  for (const address of way.slice(0, -1)) {
    const { text } = await second.get(address);
    expect(text).not.toContain('name="why.answer"');
    if (text.includes('name="liking.answer"')) stories.push(address);
  }
  expect(stories).toHaveLength(2);
  const page = Number(stories[0]!.slice(3));
  const changed = await answerPage(second, page, "10");
  expect(changed.location).toBe(`/q/${page + 1}`);
  // The open question comes first, wherever the participant continues.
  expect((await second.get("/")).location).toBe(`/q/${page + 1}`);
  expect((await second.get("/thanks")).location).toBe(`/q/${page + 1}`);
  expect((await second.get(`/q/${page + 1}`)).text).toContain('name="why.answer"');
  await walk(second, `/q/${page + 1}`, "5");
  expect((await second.get("/thanks")).status).toBe(200);
  await close();
  const judgments = await readJudgments(study);
  const [one, other] = [...new Set(judgments.map(({ participant }) => participant))].map((participant) =>
    judgments.filter((judgment) => judgment.participant === participant),
  );
  const whys = [one!, other!].map((own) => own.filter(({ task }) => task === "why").length).sort();
  expect(whys).toEqual([0, 1]);
  const why = judgments.find(({ task }) => task === "why")!;
  const liked = judgments.find(
    ({ task, participant, stimuli }) =>
      task === "liking" && participant === why.participant && stimuli[0] === why.stimuli[0],
  );
  expect(liked!.response.answer).toBe("10");
});

test("with one question per page only the rows of a matrix share a page, in the order of compose.tasks", async () => {
  const { url } = await open({ pages: "question" });
  const walker = new TestClient(url);
  await walker.begin();
  const tasks: string[] = [];
  for (let address = "/q/1"; address.startsWith("/q/"); ) {
    const { text } = await walker.get(address);
    tasks.push(fieldsOf(text).join(" ").replaceAll(".answer", ""));
    const page = Number(address.slice(3));
    address = (await walker.post(address, { ...hiddenFields(text), ...answersTo(text, "5") })).location;
    if (page > 30) throw new Error("no end");
  }
  expect(tasks).toContain("quality-vivid quality-honest");
  expect(tasks).toContain("better-moving better-written");
  // A page with a single question has plain names.
  expect(tasks.filter((one) => one === "answer")).toHaveLength(2 * 2);
  expect(tasks[0]).toBe("reads");
});

test.skipIf(!chromiumPath())(
  chromiumPath()
    ? "every kind of question works by keyboard on a phone, with and without JavaScript, in both languages"
    : withoutChromium,
  async () => {
    const browser: SharedBrowser = await sharedBrowser();
    try {
      for (const [language, javaScriptEnabled, colorScheme] of [
        ["en", true, "light"],
        ["de", false, "dark"],
      ] as const) {
        const { url, study, close } = await open({ language }, 1);
        const page = await browser.newPage({
          ...{ viewport: { width: 390, height: 800 }, bypassCSP: true, javaScriptEnabled, colorScheme },
        });
        page.setDefaultTimeout(20_000);
        // Axe is a script: without JavaScript, it looks at the same page in another context with the same cookie.
        const checked = javaScriptEnabled
          ? page
          : await browser.newPage({ viewport: { width: 390, height: 800 }, bypassCSP: true, colorScheme });
        await page.goto(url);
        await page.getByRole("main").getByRole("button").press("Enter");
        await page.locator("a.button").press("Enter");
        await page.waitForURL(/\/q\/1$/);
        while (page.url().includes("/q/")) {
          expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
          if (checked !== page) {
            await checked.context().addCookies(await page.context().cookies());
            await checked.goto(page.url());
          }
          expect(await violations(checked), page.url()).toEqual([]);
          const before = page.url();
          await answerByKeyboard(page);
          await page.waitForURL((address) => address.href !== before);
        }
        expect(page.url()).toMatch(/thanks/);
        await close();
        const judgments = await readJudgments(study);
        const answers = new Map(judgments.map(({ task, response }) => [task, response]));
        expect(answers.get("liking")!.answer).toBe("11");
        expect(answers.get("mood")!.answer).toBe("tender");
        expect(answers.get("why")!.answer).toBe("It made me laugh twice.");
        expect(answers.get("better-written")!.answer).toBe("tie");
        expect(answers.get("reads")!["reads"]).toBe("rarely");
        expect(answers.get("views")!["views_machines"]).toBe("2");
      }
    } finally {
      await browser.close();
    }
  },
);

/** Answers a page with Tab, the arrow keys, Space and Enter alone; of radio buttons the last is chosen. */
async function answerByKeyboard(page: Page): Promise<void> {
  await page.locator("h1").first().click();
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const element = document.activeElement as HTMLInputElement;
      return { tag: element.tagName, type: element.type, name: element.name };
    });
    if (focused.type === "radio") await page.keyboard.press("ArrowUp");
    if (focused.type === "checkbox" && focused.name.endsWith("tender")) await page.keyboard.press("Space");
    if (focused.tag === "TEXTAREA") await page.keyboard.type("It made me laugh twice.");
    if (focused.tag === "BUTTON") return page.keyboard.press("Enter");
  }
  throw new Error("the button cannot be reached");
}
