import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { code } from "../../src/coding/code.ts";
import { readCodebook } from "../../src/coding/codebook.ts";
import { codedTexts } from "../../src/coding/coded.ts";
import { codingsCsv, drawnTexts, readCoders, writeCoder } from "../../src/coding/codings.ts";
import { codingSheet, codingsOfSheet } from "../../src/coding/sheet.ts";
import { textsOf } from "../../src/coding/texts.ts";
import { csv, readTable } from "../../src/tables/tables.ts";
import { escapeHtml } from "../../src/text/html.ts";
import { factorialFile, readGenerations, readStories } from "../../src/workbench/artefacts.ts";
import { jsonLines, writeWhole } from "../../src/workbench/files.ts";
import type { RunningSurvey } from "../../src/workplace/serve.ts";
import { chromiumPath, sharedBrowser, withoutChromium } from "../helpers/browser.ts";
import { generationOf } from "../helpers/generations.ts";
import { violations } from "../survey/accessible.ts";
import { type Fixture, fixture, hiddenFields, quietEffects, served, TestClient } from "../survey/fixture.ts";
import { type Opened, opened } from "./opened.ts";

let built: Fixture;
let survey: RunningSurvey;
let pagesOfResearcher: Opened;

/** Six titles; the human stories have curly quotes, the model's straight ones and Markdown. */
const titles = ["Glove", "Train", "Tea & <b>Milk</b>", "Kitchen", "Umbrella", "Bulbs"];

beforeAll(async () => {
  built = await fixture();
  const { study } = built;
  await writeWhole(
    study.path("corpus/stories.jsonl"),
    jsonLines(
      titles.map((title, at) => ({
        id: `story-${at}`,
        title,
        text: `“${title},” she said—twice…\n\nHe kept it for ${at + 2} years.`,
        words: 10,
        origin: { by: "human", source: "telltale-source", author: "Telltale Author", licence: "telltale" },
        group: `group-${at}`,
        split: "train",
      })),
    ),
  );
  await writeWhole(
    study.path("generations/a-model/one.jsonl"),
    jsonLines(titles.map((title, at) => attemptAt(title, at))),
  );
  survey = await served(study);
  pagesOfResearcher = await opened(study.folder);
});
afterAll(async () => {
  await pagesOfResearcher?.close();
  await survey?.close();
  await built?.remove();
});

const attemptAt = (title: string, at: number) =>
  generationOf({
    id: `generation-${at}`,
    story: `story-${at}`,
    title,
    model: { address: "llama:telltale-model", hash: "0" },
    examples: [`story-${at}`],
    text: `"${title}," *he* said -- once... And that was ${at + 40} days ago.`,
  });

/** A researcher's browser, on the workplace. */
const researcher = async (): Promise<TestClient> => pagesOfResearcher.client();

/** The researcher's link for a coder. */
async function linkOf(name: string, count = "", lot = "study"): Promise<string> {
  const client = await researcher();
  const seal = hiddenFields((await client.get("/coders")).text);
  const { text } = await client.post("/coders", { ...seal, coder: name, count, text_set: lot });
  return /\/coding\/enter\/[\w.-]+/.exec(text)![0];
}

/** A coder's browser that has opened the link, and the next page. */
async function coder(
  name: string,
  count = "",
  lot = "study",
): Promise<{ client: TestClient; start: string }> {
  const client = new TestClient(survey.url);
  expect((await client.get(await linkOf(name, count, lot))).location).toBe("/coding");
  const { text } = await client.get("/coding");
  return { client, start: /class="button" href="([^"]+)"/.exec(text)![1]! };
}

type Codes = Record<string, string>;

/** Codes texts one after another, by `choose` for each page, and returns the pages. */
async function codeOn(client: TestClient, start: string, choose: (page: string) => Codes, most = 100) {
  const pages: string[] = [];
  let place = start;
  while (!place.endsWith("/thanks") && pages.length < most) {
    const { text } = await client.get(place);
    pages.push(text);
    const reply = await client.post(place, { ...hiddenFields(text), ...choose(text) });
    expect(reply.status).toBe(303);
    place = reply.location;
  }
  return { pages, place };
}

const joyful = () => ({ "code-tone": "joyful", "code-kind_of_love": "romantic" });
const codedBy = async (name: string) =>
  (await readCoders(built.study)).find((candidate) => candidate.name === name)?.codings ?? [];
const titleOf = (page: string) => /<article class="story"><h2>(.*?)<\/h2>(.*?)<\/article>/s.exec(page)!;

test("without a link there is no page and nothing is written", async () => {
  const stranger = new TestClient(survey.url);
  for (const path of ["/coding", "/coding/1", "/coding/thanks", "/coding/enter/eve.12.x"]) {
    const { status, text } = await stranger.get(path);
    expect([path, status, text.includes("open the complete link")]).toEqual([path, 403, true]);
  }
  expect((await stranger.post("/coding/1", { item: "x", ...joyful() })).status).toBe(403);
  const { client, start } = await coder("eve");
  expect((await client.post(start, joyful())).status).toBe(403);
  expect(await codedBy("eve")).toEqual([]);
});

test("a coder's link opens neither another coder's codes nor the researcher's pages, and cannot be changed into another's", async () => {
  const one = await coder("xenia", "4");
  const other = await coder("walt", "4");
  await codeOn(one.client, one.start, joyful);
  const { text } = await other.client.get("/coding/1");
  expect(text).not.toMatch(/ checked|xenia/);
  // Xenia's page, including its CSRF token, posted by Walt.
  const xenias = hiddenFields((await one.client.get("/coding/1")).text);
  expect((await other.client.post("/coding/1", { ...xenias, ...joyful() })).status).toBe(403);
  const walts = hiddenFields(text);
  const mixed = await other.client.post("/coding/1", { ...walts, item: xenias["item"]!, ...joyful() });
  expect(mixed.status).toBe(400);
  expect(await codedBy("walt")).toEqual([]);

  const [name, count, signature] = (await linkOf("walt", "4")).split("/").at(-1)!.split(".");
  for (const token of [
    `xenia.${count}.${signature}`,
    `${name}.5.${signature}`,
    `${name}.04.${signature}`,
    `${name}..${signature}`,
  ]) {
    const forger = new TestClient(survey.url);
    expect([token, (await forger.get(`/coding/enter/${token}`)).status]).toEqual([token, 403]);
    forger.cookie = `coder=${token}`;
    expect((await forger.get("/coding/1")).status).toBe(403);
  }
  for (const path of ["/study", "/coders", "/stories"])
    expect((await other.client.get(path)).status).toBe(404);
  const [cookie] = (await new TestClient(survey.url).get(await linkOf("walt", "4"))).headers.getSetCookie();
  expect(cookie).toMatch(/Path=\/coding; HttpOnly; SameSite=Lax$/);
});

/** A page without its text, its position and the text's token. */
const bare = (page: string): string =>
  page
    .replace(titleOf(page)[0], "")
    .replace(/name="item" value="[\w-]{43}"/, "")
    .replace(/<a href="[^"]+" rel="prev">Back<\/a>/, "")
    .replace(/Text \d+ of \d+/g, "")
    .replace(/progress value="\d+"/, "")
    .replace(/coding\/\d+/g, "");

test("all pages are identical except for the text, its position and its token", async () => {
  const { client, start } = await coder("blind");
  const { pages } = await codeOn(client, start, () => ({}));
  expect(pages).toHaveLength(12);
  expect(new Set(pages.map(bare)).size).toBe(1);
  for (const page of pages) {
    expect(page).not.toMatch(
      /telltale|story-\d|generation|llama|group-|“|—|\*he\*|\/study\/(corpus|stimuli)/i,
    );
  }
  const texts = pages.map((page) => titleOf(page)[2]!);
  expect(texts.filter((text) => text.includes("&quot;Train,&quot; she said – twice…"))).toHaveLength(1);
  expect(texts.filter((text) => text.includes("&quot;Train,&quot; he said – once…"))).toHaveLength(1);
});

test("a coder gets the sheet's texts in the sheet's order, and the same file as from the sheet", async () => {
  const { study } = built;
  const texts = textsOf(await readStories(study), await readGenerations(study));
  const codebook = await readCodebook(study);
  await writeWhole(
    study.path("sheet.csv"),
    codingSheet(study, "anna", drawnTexts(study, texts, 7), codebook),
  );
  const rows = await readTable(study.path("sheet.csv"));

  /** The codes of a coder's text by position; some texts have no code. */
  const choice = (place: number): Codes =>
    Object.fromEntries(
      codebook.variables.map(({ name, codes }, at) => [
        name,
        [...codes.map(({ code }) => code), ""][(place + at) % (codes.length + 1)]!,
      ]),
    );
  const { client, start } = await coder("anna", "7");
  let place = 0;
  const { pages } = await codeOn(client, start, () =>
    Object.fromEntries(Object.entries(choice(place++)).map(([name, code]) => [`code-${name}`, code])),
  );
  const shown = pages.map((page) => titleOf(page).slice(1).join("\n").replace(/<.?p>/g, ""));
  expect(shown).toEqual(rows.map(({ title, text }) => escapeHtml(`${title}\n${text}`)));

  const filled = rows.map((row, at) => ({ where: `line ${at}`, cells: { ...row, ...choice(at) } }));
  const imported = codingsOfSheet(study, "anna", texts, codebook, filled, "sheet.csv");
  expect(await readFile(study.path("corpus/codings/anna.csv"), "utf8")).toBe(codingsCsv(imported));
  expect(await codedBy("anna")).toEqual(imported);
});

test("a coder continues where she stopped, goes back, and changes or removes a code", async () => {
  const { client, start } = await coder("clara");
  expect(start).toBe("/coding/1");
  await codeOn(client, start, joyful, 3);
  expect(await codedBy("clara")).toHaveLength(6);

  const { client: again, start: goOn } = await coder("clara");
  expect(goOn).toBe("/coding/4");
  const { text } = await again.get("/coding/2");
  expect(text.match(/ checked/g)).toHaveLength(2);
  const changed = { ...hiddenFields(text), "code-tone": "grieving", "code-kind_of_love": "" };
  expect((await again.post("/coding/2", changed)).location).toBe("/coding/4");
  expect((await codedBy("clara")).map(({ variable, code }) => `${variable} ${code}`)).toEqual([
    "kind_of_love romantic",
    "tone joyful",
    "tone grieving",
    "kind_of_love romantic",
    "tone joyful",
  ]);

  const { place } = await codeOn(again, goOn, joyful);
  expect((await again.get(place)).text).not.toContain("no code of yours");
  expect((await coder("clara")).start).toBe("/coding/thanks");
  expect((await (await researcher()).get("/coders")).text).toContain(
    "<tr><td>clara</td><td>the study</td><td>12</td></tr>",
  );
});

test("two coders at once, and one coder in two tabs, lose no row; codes on which they agree are used", async () => {
  const [dora, emil, fay] = [await coder("dora"), await coder("emil"), await coder("fay")];
  await Promise.all([dora, emil].map(({ client, start }) => codeOn(client, start, joyful)));
  expect(await codedBy("dora")).toHaveLength(24);
  expect(await codedBy("emil")).toHaveLength(24);
  const places = Array.from({ length: 12 }, (_, at) => `/coding/${at + 1}`);
  await Promise.all(
    places.map(async (place) => {
      const { text } = await fay.client.get(place);
      expect(text).not.toMatch(/ checked|dora|emil/);
      await fay.client.post(place, { ...hiddenFields(text), ...joyful() });
    }),
  );
  expect(await codedBy("fay")).toHaveLength(24);

  const texts = textsOf(await readStories(built.study), await readGenerations(built.study));
  const { finalCodes, agreements } = await codedTexts(built.study, texts);
  for (const { id } of texts)
    expect(finalCodes.get("tone")!.get(id)).toEqual({ code: "joyful", by: "people" });
  expect(agreements.length).toBeGreaterThan(0);
});

const alertOf = (page: string) => /role="alert">(.*)<\/p>/.exec(page)?.[1];

test("an invalid name, number, code or text is refused in one line, and nothing is written", async () => {
  const client = await researcher();
  await writeCoder(built.study, {
    name: "robot",
    kind: "model",
    codings: [{ text: "story-0", variable: "tone", code: "joyful", kind: "model" }],
  });
  const robot = await readFile(built.study.path("corpus/codings/robot.csv"), "utf8");
  const seal = hiddenFields((await client.get("/coders")).text);
  for (const [name, count, alert] of [
    ["../anna", "", "coder ../anna: not a valid name; use letters"],
    ["<script>", "", "coder &lt;script&gt;: not a valid name"],
    ["", "", "not a valid name"],
    ["a".repeat(41), "", "not a valid name"],
    ["cues", "", "coder cues: this name is reserved for the cue words; choose another name"],
    ["robot", "", "coder robot: this is the name of a model; choose another name"],
    ["greta", "-3", "-3: not a number of texts; try 60"],
  ] as const) {
    const reply = await client.post("/coders", { ...seal, coder: name, count });
    expect([name, reply.status]).toEqual([name, 400]);
    expect(alertOf(reply.text)).toContain(alert);
  }
  const { client: greta } = await coder("greta", "12");
  const page = hiddenFields((await greta.get("/coding/1")).text);
  const badCode = await greta.post("/coding/1", { ...page, "code-tone": "splendid<i>" });
  expect([badCode.status, alertOf(badCode.text)]).toEqual([
    400,
    expect.stringMatching(/^tone: unknown code splendid&lt;i&gt;; try celebratory, /),
  ]);
  for (const place of ["13", "none", "0"]) expect((await greta.get(`/coding/${place}`)).status).toBe(404);
  expect(await codedBy("greta")).toEqual([]);
  expect(await readFile(built.study.path("corpus/codings/robot.csv"), "utf8")).toBe(robot);
});

test("an error in a file is shown to the researcher, and a coder sees neither its path nor another coder's name", async () => {
  const { client, start } = await coder("olga", "4");
  await codeOn(client, start, joyful, 1);
  const page = hiddenFields((await client.get("/coding/2")).text);
  for (const file of ["corpus/codings/robot.csv", "corpus/stories.jsonl"]) {
    const path = built.study.path(file);
    const whole = await readFile(path, "utf8");
    await writeFile(path, `${whole}story-0,tone,joyful,nobody\n`);
    for (const reply of [
      await client.get("/coding/2"),
      await client.post("/coding/2", { ...page, ...joyful() }),
    ]) {
      expect([file, reply.status]).toEqual([file, 503]);
      expect(reply.text).toContain("Your earlier codes are saved");
      expect(reply.text).not.toMatch(/robot\b|\.csv|jsonl|corpus|row \d|line \d/);
    }
    const seen = await (await researcher()).get(file.includes("codings") ? "/coders" : "/stories");
    expect(/role="alert">(.*)<\/p>/.exec(seen.text)?.[1]).toContain(file);
    await writeFile(path, whole);
  }
  expect(await codedBy("olga")).toHaveLength(2);
  expect((await client.get("/coding/2")).status).toBe(200);
});

/** Two titles under two examples: four texts by a model, and the four stories behind them. */
const factorial = () =>
  writeWhole(
    built.study.path(factorialFile),
    jsonLines(
      [0, 1].flatMap((title) =>
        [2, 3].map((example) => ({
          ...attemptAt(titles[title]!, 10 * title + example),
          id: `factorial-${title}-${example}`,
          story: `story-${title}`,
          examples: [`story-${example}`],
        })),
      ),
    ),
  );

test("the texts of the factorial have separate links: without origins, in the sheet's order, into the sheet's file", async () => {
  const { study } = built;
  const client = await researcher();
  const before = (await client.get("/coders")).text;
  expect(before).not.toContain('name="text_set"');
  const early = await client.post("/coders", {
    ...hiddenFields(before),
    coder: "lea",
    text_set: "factorial",
  });
  expect([early.status, early.text]).toEqual([
    400,
    expect.stringContaining("run `tinylove factorial` first"),
  ]);
  await factorial();

  const sheetOf = async (options: Record<string, string>) => {
    await code.run(
      study.folder,
      code.options.parse({ coder: "lea", influence: true, ...options }),
      quietEffects(),
    );
    return readTable(study.path("corpus/sheets/lea-influence.csv"));
  };
  const rows = await sheetOf({ how: "sheet", count: "7" });
  const link = await linkOf("lea", "7", "factorial");
  expect(link).toMatch(/\/lea\.7\.[\w-]{43}$/);
  const { client: lea, start } = await coder("lea", "7", "factorial");
  const { pages, place } = await codeOn(lea, start, joyful);
  expect(place).toBe("/coding/thanks");
  expect(pages.map((page) => titleOf(page).slice(1).join("\n").replace(/<.?p>/g, ""))).toEqual(
    rows.map(({ title, text }) => escapeHtml(`${title}\n${text}`)),
  );
  expect(new Set(pages.map(bare)).size).toBe(1);
  for (const page of [...pages, (await lea.get("/coding")).text, (await lea.get(place)).text])
    expect(page).not.toMatch(/telltale|story-\d|factorial|influence|generation|llama|group-|“|—|\*he\*/i);

  const filled = rows.map((row) => ({ ...row, tone: "joyful", kind_of_love: "romantic" }));
  const byPages = await readFile(study.path("corpus/codings/lea-influence.csv"), "utf8");
  await writeWhole(study.path("filled.csv"), csv(Object.keys(filled[0]!), filled));
  await sheetOf({ how: "import", file: study.path("filled.csv") });
  expect(await readFile(study.path("corpus/codings/lea-influence.csv"), "utf8")).toBe(byPages);
  expect(await codedBy("lea")).toEqual([]);
  expect((await client.get("/coders")).text).toMatch(
    /<td>lea<\/td><td>the factorial, with the stories behind them<\/td><td>7<\/td>/,
  );
});

test("a link to one text set does not open the other, under the same name", async () => {
  const own = await coder("mia", "4");
  await codeOn(own.client, own.start, joyful);
  const other = await coder("mia", "4", "factorial");
  const page = (await other.client.get("/coding/1")).text;
  expect(page).not.toContain(" checked");
  // A page of one text set posted with the other's cookie.
  const foreign = hiddenFields((await own.client.get("/coding/1")).text);
  expect((await other.client.post("/coding/1", { ...foreign, ...joyful() })).status).toBe(403);
  const mixed = { ...hiddenFields(page), item: foreign["item"]!, ...joyful() };
  expect((await other.client.post("/coding/1", mixed)).status).toBe(400);
  expect(await codedBy("mia-influence")).toEqual([]);
  const client = await researcher();
  const seal = hiddenFields((await client.get("/coders")).text);
  const taken = await client.post("/coders", { ...seal, coder: "mia-influence", count: "4" });
  expect([taken.status, alertOf(taken.text)]).toEqual([
    400,
    expect.stringContaining("names with this ending are for codes of the factorial&#39;s texts; try mia"),
  ]);
});

const found = chromiumPath();
if (!found) console.warn(withoutChromium);

/** With TINYLOVE_SCREENSHOTS=FOLDER the page is saved as a picture. */
const pictures = process.env["TINYLOVE_SCREENSHOTS"];

describe.skipIf(!found)("in Chromium", () => {
  test("without JavaScript a text is coded with the keyboard alone, and the meanings of the codes open next to it", async () => {
    const browser = await sharedBrowser();
    try {
      const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
      page.setDefaultTimeout(10_000);
      await page.goto(survey.url + (await linkOf("ida")));
      if (pictures) await page.screenshot({ path: `${pictures}/coder.png`, fullPage: true });
      await page.getByRole("link", { name: "Begin" }).focus();
      await page.keyboard.press("Enter");
      await page.waitForURL(/coding\/1$/);

      const tone = page.getByRole("group", { name: "Tone" });
      await tone.locator("summary").focus();
      await page.keyboard.press("Enter");
      await tone.getByText("It is glad in the moment").waitFor();
      await page.keyboard.press("Tab");
      await page.keyboard.press("Space");
      await page.keyboard.press("ArrowDown");
      if (pictures) await page.screenshot({ path: `${pictures}/coding.png`, fullPage: true });
      await page.getByRole("button", { name: "Save" }).focus();
      await page.keyboard.press("Enter");
      await page.waitForURL(/coding\/2$/);
      expect((await codedBy("ida")).map(({ variable, code }) => [variable, code])).toEqual([
        ["tone", "grateful"],
      ]);
    } finally {
      await browser.close();
    }
  });

  test("the researcher makes a link for the factorial's texts, and a coder codes all of them", async () => {
    await factorial();
    const browser = await sharedBrowser();
    try {
      const own = await (await browser.newContext()).newPage();
      own.setDefaultTimeout(10_000);
      const [name, value] = (await researcher()).cookie.split("=");
      await own.context().addCookies([{ name: name!, value: value!, url: pagesOfResearcher.url }]);
      await own.goto(`${pagesOfResearcher.url}/coders`);
      await own.getByLabel("The coder’s name").fill("nora");
      await own.getByRole("radio", { name: "the factorial" }).check();
      if (pictures) await own.screenshot({ path: `${pictures}/coder-links.png`, fullPage: true });
      await own.getByRole("button", { name: "Make the link" }).click();
      await own.getByText("For 8 texts of the factorial").waitFor();
      const link = await own.locator(".next a").getAttribute("href");

      const page = await (await browser.newContext()).newPage();
      page.setDefaultTimeout(10_000);
      const seen: string[] = [];
      page.on("response", async (response) =>
        seen.push(response.url(), await response.text().catch(() => "")),
      );
      await page.goto(link!);
      await page.getByRole("link", { name: "Begin" }).click();
      for (let place = 1; place <= 8; place++) {
        await page.getByRole("heading", { name: `Text ${place} of 8` }).waitFor();
        await page.getByRole("radio", { name: "grieving" }).check();
        await page.getByRole("button", { name: "Save" }).click();
      }
      await page.getByRole("heading", { name: "Thank you" }).waitFor();
      const codings = await codedBy("nora-influence");
      expect(codings.map(({ variable, code }) => `${variable} ${code}`)).toEqual(
        Array.from({ length: 8 }, () => "tone grieving"),
      );
      expect(codings.filter(({ text }) => text.startsWith("factorial-"))).toHaveLength(4);
      expect(seen.join("\n")).not.toMatch(/factorial|influence|telltale|story-\d|generation|llama/i);
    } finally {
      await browser.close();
    }
  });

  test.each(["light", "dark"] as const)("every coder's page is accessible, %s", async (colorScheme) => {
    const browser = await sharedBrowser();
    try {
      const context = await browser.newContext({ bypassCSP: true, colorScheme });
      for (const { cookie } of [await researcher(), (await coder("jo")).client]) {
        const [name, value] = cookie.split("=");
        await context.addCookies([{ name: name!, value: value!, url: survey.url }]);
      }
      const page = await context.newPage();
      for (const path of ["/coders", "/coding", "/coding/2", "/coding/thanks", "/coding/enter/no"]) {
        await page.goto((path === "/coders" ? pagesOfResearcher.url : survey.url) + path);
        expect(page.url()).toContain(path);
        for (const summary of await page.locator("summary").all()) await summary.click();
        expect(await violations(page), path).toEqual([]);
      }
    } finally {
      await browser.close();
    }
  });
});
