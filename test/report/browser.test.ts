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
  await writeJudgments(study, readers.flat());
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
