import { rm } from "node:fs/promises";
import { checkR } from "../findings/check-r.ts";
import {
  type Contents,
  contentsOf,
  type NamedFinding,
  type Notice,
  simulatedNotice,
} from "../findings/contents.ts";
import { drawFigure, widths } from "../findings/draw.ts";
import { markdown } from "../findings/markdown.ts";
import { page } from "../findings/page.ts";
import { withLightColours } from "../findings/palette.ts";
import { provenanceOf } from "../findings/provenance.ts";
import { reportStories } from "../findings/stories.ts";
import type { Table } from "../study/finding.ts";
import { modelName } from "../study/generation.ts";
import { csv } from "../tables/tables.ts";
import {
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
import { fontsAreInstalled, pdf, png } from "./render.ts";

/** The folder of the report in its study. */
const reportFolder = "report";

/** Writes all files of a study's report and removes those of an earlier one. */
export async function writeReport(
  study: Study,
  { pdf: withPdf }: { readonly pdf: boolean },
  effects: Effects,
): Promise<void> {
  const contents = await contentsOfStudy(study);
  const files = new Map<string, string | Uint8Array>([
    ...textFiles(contents),
    ...pngFiles(contents, effects),
    ...(await checkFiles(study)),
  ]);
  const browser = withPdf ? installedChromium(effects.env) : undefined;
  if (browser) files.set("report.pdf", await pdf(String(files.get("report.html")), browser));
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

/** All figures as PNG; none without an installed font, since text would be missing. */
function pngFiles({ headlineFigures, chapters }: Contents, effects: Effects): Map<string, Uint8Array> {
  if (!fontsAreInstalled()) {
    effects.warn("no font is installed, so figures are written as SVG only, not as PNG");
    return new Map();
  }
  const findings = [...headlineFigures, ...chapters.flatMap(({ findings }) => findings)];
  return new Map(
    findings.flatMap(({ name, finding }) =>
      finding.kind === "figure"
        ? [
            [
              `figures/${name}.png`,
              png(withLightColours(drawFigure(finding.figure, finding.caption, widths.page))),
            ] as const,
          ]
        : [],
    ),
  );
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
  return contentsOf(
    {
      title: study.config.title,
      notices: await noticesOf(
        study,
        judgments.some(({ simulated }) => simulated),
      ),
      stories: shown ? reportStories(await readStimuli(study), await readKey(study), formsOf, judgments) : [],
      provenance: provenanceOf(await readManifest(study), study.config.seed),
    },
    found,
  );
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
function textFiles(contents: Contents): Map<string, string> {
  const findings = [...contents.headlineFigures, ...contents.chapters.flatMap(({ findings }) => findings)];
  return new Map([
    ["report.html", page(contents)],
    ["report.md", markdown(contents)],
    ...findings.flatMap(({ name, finding }: NamedFinding): [string, string][] => {
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
}

const tableCsv = ({ columns, rows }: Table): string =>
  csv(
    columns.map(({ key }) => key),
    rows,
  );
