import { rm } from "node:fs/promises";
import { checkR } from "../findings/check-r.ts";
import {
  type Block,
  type Contents,
  contentsOf,
  type Notice,
  shownBlocks,
  simulatedNotice,
} from "../findings/contents.ts";
import { drawFigure, widths } from "../findings/draw.ts";
import { markdown } from "../findings/markdown.ts";
import type { Names } from "../findings/names.ts";
import { page } from "../findings/page.ts";
import { withLightColours } from "../findings/palette.ts";
import { provenanceOf } from "../findings/provenance.ts";
import { reportStories, writerOf } from "../findings/stories.ts";
import { measureLabel } from "../measures/measure.ts";
import { measuresOf } from "../measures/measures.ts";
import type { Table } from "../study/finding.ts";
import { modelName, shortConditions } from "../study/generation.ts";
import { csv, readTable } from "../tables/tables.ts";
import {
  codesFile,
  corpusSummaryFile,
  findingsFolder,
  readCorpusSummary,
  readFindings,
  readForms,
  readGenerations,
  readJudgments,
  readKey,
  readStimuli,
  stimuliFile,
} from "../workbench/artefacts.ts";
import { installedChromium } from "../workbench/chromium.ts";
import type { Effects } from "../workbench/effects.ts";
import { exists, filesUnder, readText, writeWhole } from "../workbench/files.ts";
import { readManifest } from "../workbench/manifest.ts";
import type { Study } from "../workbench/study.ts";

/** The folder of the report in its study. */
const reportFolder = "report";

/** Writes all files of a study's report and removes those of an earlier one. */
export async function writeReport(
  study: Study,
  { pdf: withPdf }: { readonly pdf: boolean },
  effects: Effects,
): Promise<void> {
  const contents = await contentsOfStudy(study);
  const files = new Map<string, string | Uint8Array>([...textFiles(contents), ...(await checkFiles(study))]);
  const browser = withPdf ? installedChromium(effects.env) : undefined;
  if (browser) {
    // Loaded here, because a report without PDF needs no browser driver.
    const { pdfs } = await import("./render.ts");
    const { short, full } = await pdfs(String(files.get("report.html")), browser);
    files.set("report.pdf", short).set("report-full.pdf", full);
  }
  for (const [path, content] of files) await writeWhole(study.path(reportFolder, path), content);
  const kept = new Set([...files.keys()].map((path) => study.path(reportFolder, path)));
  for (const file of await filesUnder(study.path(reportFolder))) if (!kept.has(file)) await rm(file);
  effects.log(`  ${study.path(reportFolder, "report.html")}`);
}

/** The files for recomputing the figures: the analysed judgments and an R program. */
async function checkFiles(study: Study): Promise<Map<string, string>> {
  const judgmentsPath = study.path(findingsFolder, "judgments.csv");
  const program = checkR(await readFindings(study), {
    margin: study.config.analyse.margin,
    table: "tables/judgments.csv",
  });
  if (program === undefined || !(await exists(judgmentsPath))) return new Map();
  return new Map([
    ["check.R", program],
    ["tables/judgments.csv", await readText(judgmentsPath)],
  ]);
}

async function contentsOfStudy(study: Study): Promise<Contents> {
  const found = await readFindings(study);
  // A factorial, or a tuned model, may be all that was looked at: then there are no stories that anybody read.
  const shown = found.length === 0 || (await exists(study.path(stimuliFile)));
  const judgments = await readJudgments(study);
  const forms = await readForms(study);
  const formsOf = new Map<string, string[]>();
  for (const { id, questions } of forms) {
    for (const stimulus of new Set(questions.flatMap((question) => question.stimuli))) {
      formsOf.set(stimulus, [...(formsOf.get(stimulus) ?? []), id]);
    }
  }
  const described = await describedTexts(study);
  const stimuli = shown ? await readStimuli(study) : [];
  const key = shortKey(shown ? await readKey(study) : new Map());
  const stories = reportStories(stimuli, key, formsOf, judgments, described.codes);
  const texts = new Map([
    ...described.names,
    ...stories.map(({ id, title, by }) => [id, { title, by }] as const),
  ]);
  return contentsOf(
    {
      title: study.config.title,
      notices: await noticesOf(
        study,
        judgments.some(({ simulated }) => simulated),
      ),
      stories,
      names: { texts, terms: measureTerms(study) },
      provenance: provenanceOf(await readManifest(study), study.config.seed),
      files: true,
    },
    found,
  );
}

/** The key with conditions as reports name them. */
function shortKey(key: Awaited<ReturnType<typeof readKey>>): typeof key {
  const short = shortConditions([...key.values()].map(({ model }) => model));
  return new Map([...key].map(([id, entry]) => [id, { ...entry, model: short(entry.model) }]));
}

/** The definition of each measure by its label. */
const measureTerms = (study: Study): Names["terms"] =>
  new Map(
    measuresOf(study).map(
      (measure) => [measureLabel(measure), `${measure.meaning} (${measure.unit})`] as const,
    ),
  );

type Codes = Readonly<Record<string, string>>;

/** Titles and writers of all texts, and their codes by people or a model; codes by word lists are too rough to show. */
async function describedTexts(study: Study): Promise<{ names: Names["texts"]; codes: Map<string, Codes> }> {
  const rows = (await exists(study.path(codesFile))) ? await readTable(study.path(codesFile)) : [];
  const variables = Object.keys(rows[0] ?? {}).filter((column) => column.endsWith("_by"));
  return {
    names: new Map(
      rows.map((row) => [
        row["id"] ?? "",
        {
          title: row["title"] ?? "",
          by: writerOf({ origin: row["model"] ? "machine" : "human", model: row["model"] ?? "" }),
        },
      ]),
    ),
    codes: new Map(
      rows.map((row) => [
        row["id"] ?? "",
        Object.fromEntries(
          variables.flatMap((by) => {
            const name = by.replace(/_by$/, "");
            const code = row[name];
            return code && (row[by] === "people" || row[by] === "model")
              ? [[name.replaceAll("_", " "), code]]
              : [];
          }),
        ),
      ]),
    ),
  };
}

/** Notes on simulated readers, dummy models and the corpus. */
async function noticesOf(study: Study, simulated: boolean): Promise<Notice[]> {
  const dummies = (await readGenerations(study)).filter(({ model }) => model.dummy);
  const models = [...new Set(dummies.map(modelName))];
  const corpus = (await exists(study.path(corpusSummaryFile))) ? await readCorpusSummary(study) : undefined;
  return [
    ...(simulated ? [simulatedNotice] : []),
    ...(models.length > 0
      ? [
          {
            name: "Dummy model",
            text: `${models.join(", ")} is not a language model and only tests the pipeline.`,
            synthetic: true,
          },
        ]
      : []),
    ...(corpus?.note ? [{ name: "About the stories", text: corpus.note.trim(), synthetic: false }] : []),
  ];
}

/** The files of a report by their paths. */
const textFiles = (contents: Contents): Map<string, string> =>
  new Map([
    ["report.html", page(contents)],
    ["report.md", markdown(contents)],
    ...shownBlocks(contents).flatMap(({ name, finding }: Block): [string, string][] => {
      if (finding.kind === "sentence") return [];
      if (finding.kind === "table") return [[`tables/${name}.csv`, tableCsv(finding.table)]];
      return [
        [
          `figures/${name}.svg`,
          `${withLightColours(drawFigure(finding.figure, finding.caption, widths.page))}\n`,
        ],
        [`tables/${name}.csv`, tableCsv(finding.figure.table)],
      ];
    }),
  ]);

const tableCsv = ({ columns, rows }: Table): string =>
  csv(
    columns.map(({ key }) => key),
    rows,
  );
