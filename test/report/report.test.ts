import { readdir, readFile } from "node:fs/promises";
import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { analyse } from "../../src/analyse/analyse.ts";
import { report } from "../../src/report/report.ts";
import {
  corpusSummaryFile,
  descriptionFile,
  influenceFile,
  readForms,
} from "../../src/workbench/artefacts.ts";
import { writeWhole } from "../../src/workbench/files.ts";
import { runStage } from "../../src/workbench/manifest.ts";
import type { Study } from "../../src/workbench/study.ts";
import { answersTo, aStudy, quiet, writeJudgments } from "../analyse/a-study.ts";
import { temporaryStudy } from "../helpers/world.ts";
import { faultsOf } from "./readable.ts";

async function reportOf(study: Study) {
  await runStage(analyse, study, analyse.options!.parse({}), quiet());
  await runStage(report, study, { pdf: false }, quiet());
  const read = (file: string) => readFile(study.path("report", file), "utf8");
  const html = await read("report.html");
  return { html, document: parseHTML(html).document, markdown: await read("report.md"), read };
}

let shared: ReturnType<typeof ofOneReader> | undefined;

/** A study with one reader, and its report; made once for the tests that only read it. */
const oneReader = () => {
  shared ??= ofOneReader();
  return shared;
};

async function ofOneReader() {
  const study = await aStudy();
  await writeJudgments(study, answersTo("form-1", "reader-1", { human: 2, machine: 1 }));
  return { study, ...(await reportOf(study)) };
}

describe("a report", () => {
  test("before anybody has answered it says so and shows what is ready", async () => {
    const { html, document, markdown } = await reportOf(await aStudy());
    expect(document.querySelector(".headline")?.textContent).toBe(
      "No verdict yet: nobody has judged a story.",
    );
    for (const text of [html, markdown])
      expect(text).toContain("2 forms with 6 human stories and 6 machine stories");
    expect(document.querySelectorAll("article.story").length).toBe(12);
  });

  test("a factorial alone has a report, before there is anything to read", async () => {
    const study = await temporaryStudy();
    const text = "The example leaks.";
    const found = {
      ...{ analysis: "influence", question: "What does the example leak into the story?", numbers: {} },
      findings: [{ kind: "sentence", role: "result", text }],
    };
    await writeWhole(study.path(influenceFile), JSON.stringify(found));
    await runStage(report, study, { pdf: false }, quiet());
    const html = await readFile(study.path("report", "report.html"), "utf8");
    expect(parseHTML(html).document.querySelector(".headline")?.textContent).toBe(text);
  });

  test("the verdict comes first, then the figure that carries it, then facts, body and appendix", async () => {
    const { html, document } = await oneReader();
    const marks = [
      'class="headline',
      "<figure",
      'class="plain"',
      'class="facts"',
      "<section",
      'id="appendix"',
    ];
    const order = marks.map((mark) => html.indexOf(mark));
    expect(Math.min(...order)).toBeGreaterThan(0);
    expect(order).toEqual([...order].sort((one, other) => one - other));
    for (const figure of document.querySelectorAll("figure:not(.example)")) {
      expect(figure.querySelectorAll("svg[role=img]").length).toBe(2);
      // The numbers are closed, so that nothing is said twice.
      expect(figure.querySelectorAll("details:not([open]) table tbody tr").length).toBeGreaterThan(0);
    }
    for (const each of document.querySelectorAll("#appendix details"))
      expect(each.hasAttribute("open")).toBe(false);
    const sections = [...document.querySelectorAll("main > section h2")].map(
      ({ textContent }) => textContent,
    );
    expect(sections).toEqual([
      "Readers",
      "Stories and models",
      "Result",
      "Who can tell",
      "Robustness",
      "What moved readers",
      "Stories that stand out",
      "Limits",
      "Appendix",
    ]);
  });

  test("every figure and table has a number and a caption; nothing is said twice, in raw names or at length", async () => {
    const study = await aStudy();
    const readers = Array.from({ length: 12 }, (_, at) =>
      answersTo(`form-${(at % 2) + 1}`, `reader-${at}`, { human: 1 + (at % 3), machine: at % 4 }),
    );
    await writeJudgments(study, readers.flat());
    const { html, document } = await reportOf(study);
    expect(faultsOf(html)).toEqual([]);
    const numbers = [
      ...document.querySelectorAll("main > section:not(#appendix) .caption b, header figcaption b"),
    ]
      .map(({ textContent }) => textContent!.replace("\u00a0", " "))
      .filter((label) => label.startsWith("Table"));
    expect(numbers).toEqual(numbers.map((_, at) => `Table ${at + 1}.`));
  });

  test("the checker of texts finds what it looks for", () => {
    const said = (content: string) =>
      faultsOf(`<html><body><main><section>${content}</section></main></body></html>`);
    expect(said(`<p>${"word ".repeat(36)}.</p>`)).toEqual([expect.stringMatching(/^36 words/)]);
    expect(said("<p>The share of distinct_1 and <code>tinylove run</code>.</p>")).toEqual([
      "raw name: distinct_1",
      "raw name: tinylove run",
    ]);
    expect(
      said("<p class='caption' id='a-caption'>Table 1. Of a.</p><table id='b'><tr><td>1.5</td></tr></table>"),
    ).toEqual(["no number or caption: b"]);
    const repeated =
      "<figure><div class='page'><svg><text>1.5 2.5 3.5</text></svg></div><figcaption>Figure 1. A.</figcaption></figure><p class='caption' id='a-caption'>Table 1. A.</p><table id='a'><tr><td>1.5</td><td>2.5</td><td>3.5</td></tr></table>";
    expect(said(repeated)).toEqual(["a repeats 3 of 3 numbers of a figure"]);
  });

  test("a warning is one line on the first page, and leads to all of it", async () => {
    const study = await aStudy();
    await writeJudgments(study, answersTo("form-1", "reader-1", { human: 2, machine: 1 }));
    const warning = {
      kind: "sentence",
      role: "warning",
      text: "The stories may be unfair. A program sees it.",
    };
    await runStage(analyse, study, analyse.options!.parse({}), quiet());
    const found = {
      analysis: "own",
      question: "Is it fair?",
      section: "robustness",
      findings: [warning],
      numbers: {},
    };
    await writeWhole(study.path(influenceFile), JSON.stringify(found));
    await runStage(report, study, { pdf: false }, quiet());
    const { document } = parseHTML(await readFile(study.path("report/report.html"), "utf8"));
    const lines = [...document.querySelectorAll(".warnings li")];
    const line = lines.find(({ textContent }) => textContent === "The stories may be unfair. More");
    const target = document.getElementById(line!.querySelector("a")!.getAttribute("href")!.slice(1));
    expect(target?.textContent).toContain("The stories may be unfair. A program sees it.");
  });

  test("it is one file: no script, font or picture is loaded from elsewhere", async () => {
    const { document, html } = await oneReader();
    expect(document.querySelectorAll("link, img, iframe, [src]").length).toBe(0);
    expect(html).not.toMatch(/@import|url\(/);
    for (const link of document.querySelectorAll("a[href]"))
      expect(link.getAttribute("href")).toMatch(/^(#|figures\/|tables\/)/);
  });

  test("every link has a target on the page", async () => {
    const { document, study } = await oneReader();
    const links = [...document.querySelectorAll("a[href]")].map((link) => link.getAttribute("href")!);
    for (const file of links.filter((link) => !link.startsWith("#")))
      await expect(readFile(study.path("report", file), "utf8"), file).resolves.not.toBe("");
    const targets = links.filter((link) => link.startsWith("#")).map((link) => link.slice(1));
    expect(targets.length).toBeGreaterThan(2);
    for (const target of targets) expect(document.getElementById(target), target).not.toBeNull();
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("simulated readers and the note of the corpus are mentioned once; every section names what is not real", async () => {
    const study = await aStudy();
    await writeJudgments(study, answersTo("form-1", "reader-1", { human: 2, machine: 1, simulated: true }));
    await writeWhole(study.path(corpusSummaryFile), JSON.stringify(summary));
    const { document, markdown } = await reportOf(study);
    const marks = [...document.querySelectorAll("header.top .mark")].map((mark) => mark.textContent ?? "");
    expect(marks.map((mark) => mark.split(":")[0])).toEqual(["Simulated readers", "About the stories"]);
    for (const sentence of ["a program gave these answers", "written as an example"]) {
      expect(document.body.textContent!.split(sentence).length - 1, sentence).toBe(1);
      expect(markdown.split(sentence).length - 1, sentence).toBe(1);
    }
    const parts = [...document.querySelectorAll("main > section:not(#appendix), .chapter")];
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) expect(part.querySelector(".tag")?.textContent).toBe("Simulated readers");
    expect(markdown.match(/^\*Simulated readers\*$/gm)?.length).toBe(parts.length);
  });

  test("real readers of a real corpus are not marked", async () => {
    const { document } = await oneReader();
    expect(document.querySelectorAll(".mark, .tag").length).toBe(0);
  });

  test("of many texts of a row the first two are shown and the others unfold, each with its title and a link to its story", async () => {
    const study = await aStudy();
    await writeJudgments(study, answersTo("form-1", "reader-1", { human: 2, machine: 1 }));
    const ids = ["form-1-human-1", "form-1-machine-2", "never-shown", "form-2-human-3", "form-2-machine-1"];
    const table = {
      columns: [
        { key: "of", label: "of", format: "text" as const },
        { key: "texts", label: "which", format: "ids" as const },
      ],
      rows: [
        { of: "all", texts: ids.join(" ") },
        { of: "one", texts: ids[0]! },
      ],
    };
    await writeWhole(
      study.path(descriptionFile),
      JSON.stringify({
        analysis: "describe",
        question: "What are the stories made of?",
        findings: [{ kind: "table", role: "detail", caption: "Which", table }],
        numbers: {},
      }),
    );
    const { document } = await reportOf(study);
    const [all, one] = [...document.querySelectorAll("#describe-1 td.ids")];
    expect(all!.querySelector("summary")?.textContent).toBe("and 3 more");
    const hrefs = [...all!.querySelectorAll("a")].map((link) => link.getAttribute("href"));
    const shown = ids.filter((id) => id !== "never-shown");
    expect(hrefs).toEqual(shown.map((id) => `#story-${id}`));
    expect([...all!.querySelector("details")!.querySelectorAll("a")].map((link) => link.textContent)).toEqual(
      ["The human 3 of form-2 (a person)", "The machine 1 of form-2 (echo:)"],
    );
    expect(all!.querySelector("details")?.textContent).toContain("never-shown");
    expect(one!.querySelector("details")).toBeNull();
  });

  test("what readers typed is shown as text, never as markup", async () => {
    const study = await aStudy();
    const [first, ...rest] = answersTo("form-1", "reader-1", { human: 2, machine: 1 });
    const reason = '<img src=x onerror="alert(1)"> & "so"';
    await writeJudgments(study, [{ ...first!, response: { ...first!.response, reason } }, ...rest]);
    const { document } = await reportOf(study);
    expect(document.querySelector(".reasons")?.textContent).toContain(reason);
    expect(document.querySelectorAll("img").length).toBe(0);
  });

  test("every figure and table is a file of its own; figures need no style sheet", async () => {
    const { read, study } = await oneReader();
    const figures = await readdir(study.path("report/figures"));
    expect(figures).toContain("verdict-1.svg");
    for (const file of figures.filter((name) => name.endsWith(".svg"))) {
      const svg = await read(`figures/${file}`);
      expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
      expect(svg).not.toMatch(/var\(/);
    }
    expect(await read("tables/verdict-1.csv")).toMatch(/^of,estimate,low,high,/);
  });

  test("the same study gives the same report to the byte", async () => {
    const { html, markdown, study } = await oneReader();
    const again = await reportOf(study);
    expect(again.html).toBe(html);
    expect(again.markdown).toBe(markdown);
    expect((await readForms(study)).length).toBe(2);
  });
});

const summary = {
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
