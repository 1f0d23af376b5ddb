import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { analyse } from "../../src/analyse/analyse.ts";
import { sharesFigure } from "../../src/analyse/analyses/accuracy.ts";
import { drawFigure, widths } from "../../src/findings/draw.ts";
import { report } from "../../src/report/report.ts";
import { corpusSummaryFile } from "../../src/workbench/artefacts.ts";
import { writeWhole } from "../../src/workbench/files.ts";
import { runStage } from "../../src/workbench/manifest.ts";
import type { Study } from "../../src/workbench/study.ts";
import { answersTo, aStudy, quiet, writeJudgments } from "../analyse/a-study.ts";
import { chromiumPath, type SharedBrowser, sharedBrowser } from "../helpers/browser.ts";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

async function reported(): Promise<Study> {
  const study = await aStudy();
  const readers = Array.from({ length: 12 }, (_, at) =>
    answersTo(`form-${(at % 2) + 1}`, `reader-${at}`, {
      human: 1 + (at % 3),
      machine: at % 4,
      simulated: true,
    }),
  );
  const [first, ...rest] = readers.flat();
  const response = { ...first!.response, reason: "It knows what it is like." };
  await writeJudgments(study, [{ ...first!, response }, ...rest]);
  await writeWhole(study.path(corpusSummaryFile), JSON.stringify(corpus));
  await runStage(analyse, study, analyse.options!.parse({}), quiet());
  const effects = { ...quiet(), env: process.env };
  await runStage(report, study, { pdf: true }, effects);
  return study;
}

describe.skipIf(chromiumPath() === undefined)("the report in Chromium", () => {
  let browser: SharedBrowser;
  let study: Study;
  beforeAll(async () => {
    browser = await sharedBrowser();
    study = await reported();
  });
  afterAll(() => browser?.close());

  const opened = async (options: Parameters<Browser["newPage"]>[0] = {}): Promise<Page> => {
    const page = await browser.newPage(options);
    await page.goto(pathToFileURL(study.path("report/report.html")).href);
    return page;
  };

  test.each(["light", "dark"] as const)("is accessible in the %s scheme", async (colorScheme) => {
    const page = await opened({ colorScheme });
    await page.evaluate(axeSource);
    const violations = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: typeof import("axe-core") };
      return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
    });
    expect(violations).toEqual([]);
    await page.close();
  });

  test("fits a phone without horizontal scrolling, with figures drawn for it", async () => {
    const page = await opened({ viewport: { width: 360, height: 740 } });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    expect(await page.locator(".phone svg:visible").count()).toBeGreaterThan(0);
    expect(await page.locator(".page svg:visible").count()).toBe(0);
    await page.close();
  });

  test("a long count next to an interval does not overlap the drawing", async () => {
    const page = await browser.newPage();
    const counts = "1,012,084 of 2,024,000";
    const row = { of: "All stories, balanced", share: 0.5, low: 0.46, high: 0.54, counts };
    const svg = drawFigure(
      {
        ...sharesFigure([], 0.1),
        table: { ...sharesFigure([], 0.1).table, rows: [row] },
      },
      "x",
      widths.page,
    );
    await page.setContent(svg);
    const boxOf = async (selector: string) => (await page.locator(selector).first().boundingBox())!;
    const note = await boxOf(`text:has-text("${counts}")`);
    const edge = await boxOf("text:has-text('60 %')");
    expect(note.x).toBeGreaterThan(edge.x + edge.width);
    await page.close();
  });

  test.each([
    ["a phone", 390, 844, ".phone"],
    ["a desk", 1280, 720, ".page"],
  ])("on %s the verdict and its figure are on the first screen", async (_, width, height, drawing) => {
    const page = await opened({ viewport: { width, height } });
    const boxOf = async (selector: string) => (await page.locator(selector).first().boundingBox())!;
    const [note, headline, figure] = [
      await boxOf("header .mark"),
      await boxOf(".headline"),
      await boxOf(`header figure ${drawing} svg`),
    ];
    // Who reads that readers can tell has read before that the readers were simulated.
    expect(note.y + note.height).toBeLessThanOrEqual(headline.y);
    expect(headline.y + headline.height).toBeLessThanOrEqual(figure.y);
    expect(figure.y + figure.height).toBeLessThanOrEqual(height);
    await page.close();
  });

  test("stories are sorted and filtered in the page, and all are shown without scripts", async () => {
    const page = await opened();
    await page.evaluate(() =>
      document.querySelector<HTMLDetailsElement>("#stories")!.setAttribute("open", ""),
    );
    const cards = page.locator("#story-list article:visible");
    const valuesOf = (name: string) =>
      cards.evaluateAll((all, key) => all.map((card) => card.getAttribute(`data-${key}`) ?? ""), name);
    const all = await cards.count();
    expect(all).toBe(12);
    const rising = (await valuesOf("right")).map(Number);
    expect(rising).toEqual([...rising].sort((one, other) => one - other));
    expect(new Set(rising).size).toBeGreaterThan(2);
    await page.getByLabel("highest first").check();
    expect((await valuesOf("right")).map(Number)).toEqual([...rising].sort((one, other) => other - one));
    await page.getByLabel("Sort by").selectOption("human");
    const human = (await valuesOf("human")).map(Number);
    expect(human).toEqual([...human].sort((one, other) => other - one));
    expect(human).not.toEqual((await valuesOf("right")).map(Number));
    await page.getByLabel("Written by").selectOption("a person");
    expect(new Set(await valuesOf("by"))).toEqual(new Set(["a person"]));
    expect(await cards.count()).toBe(6);
    expect(await page.locator("form.reader output").textContent()).toBe("6 of 12");
    await page.getByLabel("with reasons only").check();
    expect(await valuesOf("reasons")).toEqual(["1"]);
    await page.getByLabel("with reasons only").uncheck();
    await page.getByLabel("Written by").selectOption("");
    await page.getByLabel("Sort by").selectOption("title");
    const titles = await valuesOf("title");
    expect(titles).toEqual([...titles].sort().reverse());
    await page.close();
    const plain = await opened({ javaScriptEnabled: false });
    await plain.locator("#stories > summary").click();
    expect(await plain.locator("#story-list article:visible").count()).toBe(all);
    expect(await plain.locator("form.reader:visible").count()).toBe(0);
    await plain.close();
  });

  test("loads nothing else", async () => {
    const page = await browser.newPage();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(study.path("report/report.html")).href);
    expect(asked).toEqual([page.url()]);
    await page.close();
  });

  test("prints: the PDF is complete, and contains no time of printing", async () => {
    const pdf = (await readFile(study.path("report/report.pdf"))).toString("latin1");
    expect(pdf).toMatch(/^%PDF-/);
    expect(pdf.trimEnd()).toMatch(/%%EOF$/);
    // The appendix, closed, is the last page.
    expect(pdf.match(/\/Type \/Page\b(?!s)/g)!.length).toBeLessThanOrEqual(9);
    for (const [, date] of pdf.matchAll(/\/(?:CreationDate|ModDate) \(D:(\d{14})/g)) {
      expect(date).toBe("20000101000000");
    }
  });
});

const corpus = {
  source: "table",
  from: ["stories.csv"],
  note: "These stories were written as an example.",
  stories: 60,
  authors: 1,
  groups: 60,
  licences: { "CC0-1.0": 60 },
  split: { train: 30, validation: 10, test: 20 },
  words: {
    least: 80,
    lowerQuartile: 90,
    median: 95,
    upperQuartile: 98,
    most: 100,
    mean: 94,
    aboveLimit: 0,
    limit: 100,
  },
  rejected: {},
  warned: [],
};
