/**
 * A picture of every page of the survey. Makes a study with every task from the example, goes through it in
 * Chromium, on a phone and on a desktop, light and dark, in English and in German, and saves each page:
 * participants' pages, the coders', and error pages. For people to look at;
 * the script fails if a page scrolls sideways.
 *
 *     npm run bench -- survey-pictures FOLDER
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { parse, stringify } from "yaml";
import { main } from "../src/cli.ts";
import type { CoderLink } from "../src/survey/survey-monitor.ts";
import { tasks } from "../src/tasks/tasks.ts";
import type { Effects } from "../src/workbench/effects.ts";
import { worldEffects } from "../src/workbench/effects.ts";
import { openStudy, type Study, studyOf } from "../src/workbench/study.ts";
import { type RunningSurvey, startSurvey } from "../src/workplace/serve.ts";
import { launchBrowser } from "../test/helpers/browser.ts";
import { control, hiddenFields, TestClient } from "../test/survey/fixture.ts";

const target = process.argv[2];
if (!target) throw new Error("name a folder for the pictures");
await mkdir(target, { recursive: true });
const folder = join(await mkdtemp(join(tmpdir(), "tinylove-pictures-")), "study");
const effects: Effects = worldEffects(new AbortController().signal);

const asked = tasks.map(({ name, kind }) => (kind === "choice" ? { task: name } : { task: name, count: 1 }));

/** Six single stories, two of them with one more question, a pair, and three questions without a text. */
const questions = 12;

const survey = {
  en: {
    demographics: [
      { name: "age", ask: "How old are you?", number: true },
      {
        name: "reads",
        ask: "How often do you read stories?",
        options: ["every day", "now and then", "seldom"],
      },
      { name: "language", ask: "What is your first language?" },
    ],
    example: {
      title: "Half the Umbrella",
      text: "He held it over her all the way home and arrived with one dry shoulder, the left. She has kept the ticket stub of that rain.",
      note: "This one was written by a person, for this page.",
    },
  },
  de: {
    title: "Sehr kurze Geschichten",
    consent: "",
    instructions: "",
    demographics: [
      { name: "age", ask: "Wie alt sind Sie?", number: true },
      {
        name: "reads",
        ask: "Wie oft lesen Sie Geschichten?",
        options: ["jeden Tag", "hin und wieder", "selten"],
      },
    ],
    example: {
      title: "Ein halber Schirm",
      text: "Er hielt ihn den ganzen Heimweg über sie und kam mit einer trockenen Schulter an, der linken.",
      note: "Diese hat ein Mensch geschrieben, für diese Seite.",
    },
  },
};

await makeStudy();
const browser = await launchBrowser();
const taken: string[] = [];
try {
  await withSurvey({}, async (running) => {
    await simulateSome(running);
    for (const device of ["phone", "desk"] as const) {
      for (const colorScheme of ["light", "dark"] as const) {
        const context = await contextFor(device, colorScheme);
        const look = lookOf(context, `en-${device}-${colorScheme}`);
        await participant(running, look);
        await coder(running, look);
        await context.close();
      }
    }
  });
  await withSurvey({ language: "de", ...survey.de }, async (running) => {
    const context = await contextFor("phone", "light");
    await participant(running, lookOf(context, "de-phone-light"));
    await context.close();
  });
  await refusals();
} finally {
  await browser.close();
  await rm(join(folder, ".."), { recursive: true, force: true });
}
console.log(`${taken.length} pictures in ${target}`);

// ---- The study

async function makeStudy(): Promise<void> {
  await run("init", folder);
  const file = join(folder, "study.yaml");
  const settings = parse(await readFile(file, "utf8"));
  // A pair has stories of its own, so six more are left as single ones.
  settings.compose = { ...settings.compose, human: 4, machine: 4, forms: 4, tasks: asked };
  settings.survey = {
    ...settings.survey,
    ...survey.en,
    consent: "",
    contact: "reading@example.org",
    recruiting: { service: "prolific", codes: { complete: "C1A2B3C4" } },
  };
  await writeFile(file, stringify(settings));
  for (const stage of ["collect", "generate", "compose"]) await run(stage, "--study", folder);
}

async function run(...argv: string[]): Promise<void> {
  if ((await main(argv, effects)) !== 0) throw new Error(`${argv[0]} failed`);
}

/** Serves the study with other survey settings, from its own store. */
async function withSurvey(
  changes: Record<string, unknown>,
  use: (running: RunningSurvey, study: Study) => Promise<void>,
): Promise<void> {
  const { config } = await openStudy(folder);
  const study = studyOf(folder, { ...config, survey: { ...config.survey, ...changes } } as Study["config"]);
  const running = await startSurvey(study, { port: 0, host: "127.0.0.1" }, { ...effects, log: () => {} });
  try {
    await use(running, study);
  } finally {
    await running.close();
    await rm(join(folder, "survey.sqlite"), { force: true });
  }
}

/** Some who finish and some who leave, so that tables have data. */
async function simulateSome({ url }: RunningSurvey): Promise<void> {
  for (let number = 0; number < 9; number++) {
    const client = new TestClient(url);
    await client.begin();
    for (let position = 1; position <= (number < 6 ? questions : number - 5); position++) {
      const { text } = await client.get(`/q/${position}`);
      const [, answer = ""] = /type="radio" name="answer" value="([^"]+)"/.exec(text) ?? [];
      await client.post(`/q/${position}`, { ...hiddenFields(text), ...(answer && { answer }) });
    }
  }
}

// ---- Pictures

type Look = (name: string, page?: Page) => Promise<Page>;

function contextFor(device: "phone" | "desk", colorScheme: "light" | "dark"): Promise<BrowserContext> {
  const viewport = device === "phone" ? { width: 390, height: 844 } : { width: 1280, height: 860 };
  return browser.newContext({
    viewport,
    colorScheme,
    hasTouch: device === "phone",
    isMobile: device === "phone",
  });
}

/** Saves the page of a context as a picture. */
function lookOf(context: BrowserContext, kind: string): Look {
  let only: Page | undefined;
  return async (name) => {
    only ??= await context.newPage();
    if (name === "") return only;
    const { width, scroll } = await only.evaluate(() => ({
      width: innerWidth,
      scroll: document.documentElement.scrollWidth,
    }));
    if (scroll > width) throw new Error(`${name}, ${kind}: scrolls sideways (${scroll} of ${width})`);
    await only.screenshot({ path: join(target!, `${name}-${kind}.png`), fullPage: true });
    taken.push(name);
    return only;
  };
}

async function participant({ url }: RunningSurvey, look: Look): Promise<void> {
  const page = await look("");
  await page.goto(url);
  await look("01-consent");
  await page.locator("main form button").click();
  await page.waitForURL(/instructions/);
  await look("02-instructions");
  await page.locator("a.button").click();
  const seen = new Set<string>();
  for (let position = 1; position <= questions; position++) {
    await page.waitForURL(new RegExp(`/q/${position}$`));
    const name = (await page.locator("legend, label.reason").first().textContent())!.trim().slice(0, 18);
    const kind = name.toLowerCase().replace(/[^a-zäöüß]+/g, "-");
    const names = await page
      .locator("form.question input[type=radio]")
      .evaluateAll((inputs) => [...new Set(inputs.map((input) => (input as HTMLInputElement).name))]);
    if (!seen.has(kind)) {
      if (position === 1 && names.length > 0) {
        await page.locator("form.question").evaluate((form) => form.setAttribute("novalidate", ""));
        await page.locator("form.question button").click();
        await page.getByRole("alert").waitFor();
        await look("04-nothing-chosen");
      }
      for (const name of names) await page.locator(`label:has(input[name=${name}])`).nth(1).click();
      await look(`03-${kind}`);
      seen.add(kind);
    } else for (const name of names) await page.locator(`label:has(input[name=${name}])`).nth(1).click();
    if (position === 2) {
      await page.context().setOffline(true);
      await page.locator("form.question button").click();
      await page.waitForFunction(() => document.querySelector("[data-status]")?.textContent);
      await page.waitForTimeout(700);
      await look("04-offline");
      await page.context().setOffline(false);
    } else await page.locator("form.question button").click();
  }
  await page.waitForURL(/thanks/);
  await look("05-thanks");
  await page.locator('a[href^="/my/"]').click();
  await page.waitForURL(/\/my\//);
  await look("06-personal");
  await page.locator('form[action$="withdraw"] button').click();
  await page.waitForLoadState();
  await look("07-withdrawn");
  await page.goto(`${url}/declined`);
  await look("08-declined");
  await page.goto(`${url}/nowhere`);
  await look("09-nowhere");
}

async function coder({ url, token }: RunningSurvey, look: Look): Promise<void> {
  const page = await look("");
  const link = await control({ url, token }, "coder", { coder: "anna", count: "12" });
  await page.goto(url + ((await link.json()) as CoderLink).path);
  await page.waitForURL(/\/coding$/);
  await look("16-coder");
  await page.locator("a.button").click();
  await page.waitForURL(/coding\/\d+$/);
  await look("17-coding");
  await page.goto(`${url}/coding/thanks`);
  await look("18-coded");
  await page.context().clearCookies();
  await page.goto(`${url}/coding/1`);
  await look("19-no-coder");
}

/** The pages for those who cannot take part. */
async function refusals(): Promise<void> {
  const seen = async (
    name: string,
    changes: Record<string, unknown>,
    prepare: (url: string) => Promise<string>,
  ) =>
    withSurvey(changes, async ({ url }) => {
      const context = await contextFor("phone", "light");
      const look = lookOf(context, "en-phone-light");
      await (await look("")).goto(await prepare(url));
      await look(name);
      await context.close();
    });
  await seen("20-closed", { quota: 1 }, async (url) => {
    const client = new TestClient(url);
    await client.begin();
    for (let position = 1; position <= questions; position++) {
      const { text } = await client.get(`/q/${position}`);
      const [, answer = ""] = /type="radio" name="answer" value="([^"]+)"/.exec(text) ?? [];
      await client.post(`/q/${position}`, { ...hiddenFields(text), ...(answer && { answer }) });
    }
    return url;
  });
  await seen("21-full", { quota: 1 }, async (url) => {
    await new TestClient(url).begin();
    return url;
  });
  await seen("22-uninvited", { invited: true }, async (url) => url);
  const mturk = { recruiting: { service: "mturk", codes: {}, mayFail: 1 } };
  const preview = async (url: string) => `${url}/?assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE`;
  await seen("23-mturk-preview", mturk, preview);
}
