import { rm } from "node:fs/promises";
import { z } from "zod";
import { analyseRecord } from "../findings/analyse-record.ts";
import { findingsText, headlineOf } from "../findings/terminal.ts";
import { type Random, randomFrom } from "../stats/random.ts";
import type { Findings } from "../study/finding.ts";
import { AnalyseSettings, RatingMargin } from "../study/settings/analyse.ts";
import { findingsFolder } from "../workbench/artefacts.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { filesUnder, writeWhole } from "../workbench/files.ts";
import { pairsOf, realNumber } from "../workbench/options.ts";
import { quoted } from "../workbench/quoted.ts";
import { stage } from "../workbench/stage.ts";
import { textStyleOf } from "../workbench/terminal-style.ts";
import { type Analysis, applies } from "./analysis.ts";
import type { Data } from "./data.ts";
import { withoutExcluded } from "./exclusions.ts";
import { assertKnownAnalyses, preflightAnalyses } from "./preflight.ts";
import type { ReadOptions } from "./reading/judgments.ts";
import { valuesOf } from "./reading/values.ts";

const Options = z.object({
  judgments: z.string().optional(),
  map: z.array(z.string()).default([]),
  values: z.array(z.string()).default([]),
  key: z.string().optional(),
  dryRun: z.boolean().default(false),
  cluster: z.array(z.string()).optional(),
  margin: realNumber(0.001, 0.49).optional(),
  alpha: realNumber(0.0001, 0.49).optional(),
  ratingMargin: z.union([realNumber(0.0001, 1e6), RatingMargin]).optional(),
  models: z.boolean().default(false),
  json: z.boolean().default(false),
  report: z.string().optional(),
  full: z.boolean().default(false),
  rule2022: z.boolean().optional(),
});
type Options = z.infer<typeof Options>;

/** Runs all analyses that the judgments allow, for a study or for any table. */
export const analyse = stage<Options>({
  ...analyseRecord,
  examples: [
    "tinylove analyse --study my-study",
    "tinylove analyse --judgments answers.csv --map response=answer participant=worker",
    "tinylove analyse --judgments answers.csv --margin 0.05 --json",
    "tinylove analyse --judgments answers.csv --cluster title class",
    "tinylove analyse --judgments answers.csv --report answers.html",
    "tinylove analyse --judgments export.csv --key key.csv --values human=1 machine=2 --dry-run",
    "tinylove analyse --judgments package/csv/judgments.csv",
  ],
  flags: [
    ["--judgments <file>", "a table of judgments instead of a study (see docs/statistics.md)"],
    [
      "--cluster <columns...>",
      "for a table: clusters in addition to readers and stories, such as title, form, class (default: title; none: no others)",
    ],
    ["--map <columns...>", "names of the table's columns: response=answer"],
    ["--values <values...>", "meaning of the table's values: human=0 machine=1 missing=99"],
    ["--key <file>", "a second table with the origin of each story"],
    ["--dry-run", "for a table: only show how it is read; with --json print the judgments"],
    [
      "--margin <share>",
      "for a table: accuracy within 0.5 -/+ this counts as chance (default: its study's, or 0.1)",
    ],
    [
      "--rating-margin <points>",
      "for a table of ratings: the equivalence margin in points, or as a share of the scale (10%) (default: its study's, or 0.5)",
    ],
    ["--alpha <share>", "for a table: the error rate of each test (default: its study's, or 0.05)"],
    ["--models", "for a table: also fit models that take minutes (default: up to 100,000 judgments)"],
    ["--json", "print every figure with full precision"],
    ["--report <file>", "for a table: also write a report page"],
    ["--rule-2022", "for a table: also show the rule of the 2022 study"],
    ["--full", "for a table: print all findings, not only the verdict"],
  ],
  options: Options,
  preflight: preflightAnalyses,
  async run(
    study,
    { json, margin, ratingMargin, alpha, report, map, values, key, dryRun, cluster, models },
    effects,
  ) {
    assertTableGiven({
      "--margin": margin,
      "--rating-margin": ratingMargin,
      "--alpha": alpha,
      "--report": report,
      "--map": map[0],
      "--values": values[0],
      "--key": key,
      "--dry-run": dryRun || undefined,
      "--cluster": cluster,
      "--models": models || undefined,
    });
    // Loaded here because `status` loads every stage, and most of the statistics are imported by these modules.
    const { analysesWith } = await import("./analyses.ts");
    const { dataOfStudy } = await import("./from-study.ts");
    const { choicesCsv } = await import("./judged.ts");
    const data = await dataOfStudy(study);
    warnIfSimulated(data, effects);
    const found = await allFindings(data, analysesWith(study.plugins), study.random("analyse"), effects);
    for (const findings of found) {
      await writeWhole(
        study.path(findingsFolder, `${findings.analysis}.json`),
        `${JSON.stringify(findings, null, 2)}\n`,
      );
    }
    const judged = study.path(findingsFolder, "judgments.csv");
    if (data.choices.length > 0) await writeWhole(judged, choicesCsv(withoutExcluded(data)));
    const kept = new Set([
      ...found.map(({ analysis }) => study.path(findingsFolder, `${analysis}.json`)),
      ...(data.choices.length > 0 ? [judged] : []),
    ]);
    for (const file of await filesUnder(study.path(findingsFolder))) if (!kept.has(file)) await rm(file);
    if (json) effects.print(asJson(found));
    else effects.log(`  ${textStyleOf(effects).bold(headlineOf(found))}`);
  },
  standalone: ({ judgments, ...options }, effects) =>
    judgments === undefined ? undefined : analyseTable(judgments, options, effects),
});

async function analyseTable(
  file: string,
  {
    map,
    values,
    key,
    margin,
    ratingMargin,
    alpha,
    cluster,
    models,
    json,
    report,
    dryRun,
    full,
    rule2022,
  }: Omit<Options, "judgments">,
  effects: Effects,
): Promise<void> {
  const given = {
    ...(margin !== undefined && { margin }),
    ...(ratingMargin !== undefined && { ratingMargin }),
    ...(alpha !== undefined && { alpha }),
    ...(cluster && { clusters: clusterColumns(cluster) }),
    ...(models && { models: "always" as const }),
    ...(rule2022 && { rule2022 }),
  };
  const readOptions = { map: pairsOf("--map", map, "response=answer"), values: valuesOf(values), key };
  const isPlain = map.length === 0 && values.length === 0 && key === undefined;
  const { data, random } = isPlain
    ? await dataOfFile(file, given, readOptions, effects)
    : await dataOfAnyTable(file, given, readOptions, effects);
  warnIfSimulated(data, effects);
  if (dryRun) {
    for (const [reason, rows] of Object.entries(data.leftOut)) effects.log(`left out: ${rows} (${reason})`);
    if (json) effects.print(JSON.stringify([...data.choices, ...data.pairs, ...data.ratings], null, 2));
    return;
  }
  const { analyses } = await import("./analyses.ts");
  const found = await allFindings(data, analyses, random, effects);
  if (report !== undefined) {
    const { pageOfFindings } = await import("../findings/page-of-findings.ts");
    await writeWhole(report, pageOfFindings({ title: nameOf(file), simulated: data.simulated }, found));
    effects.log(`wrote ${quoted(report)}`);
  }
  effects.print(json ? asJson(found) : findingsText(found, { full, style: textStyleOf(effects) }));
  if (!json && !full) effects.log("for all findings: --full, or --report FILE for a page");
}

type FlagSettings = Partial<
  Pick<AnalyseSettings, "margin" | "ratingMargin" | "alpha" | "clusters" | "models" | "rule2022">
>;

function clusterColumns(columns: readonly string[]): string[] {
  if (columns.length === 1 && columns[0] === "none") return [];
  if (columns.length > 2) {
    throw new StudyError(`--cluster ${columns.join(" ")}: ${columns.length} columns`, {
      hint: "name one or two",
    });
  }
  return [...columns];
}

/** The judgments of a table. A table that Tiny Love wrote uses its study's settings, except those given. */
async function dataOfFile(
  file: string,
  given: FlagSettings,
  readOptions: ReadOptions,
  effects: Effects,
): Promise<{ data: Data; random: Random }> {
  const { dataOfOwnTable } = await import("./from-own-table.ts");
  const own = await dataOfOwnTable(file);
  if (!own) return dataOfAnyTable(file, given, readOptions, effects);
  const settings = { ...own.data.settings, ...given };
  effects.log(
    `origins and settings (margin ${settings.margin}, alpha ${settings.alpha}) are those of ${own.source}`,
  );
  return { data: { ...own.data, settings }, random: own.random };
}

async function dataOfAnyTable(file: string, given: FlagSettings, readOptions: ReadOptions, effects: Effects) {
  const { dataOfTable } = await import("./from-table.ts");
  const { data, summary, warnings } = await dataOfTable(
    file,
    readOptions,
    AnalyseSettings.parse(given),
    effects.progress,
  );
  effects.log(summary);
  for (const warning of warnings) effects.warn(warning);
  return { data, random: randomFrom(2022, "analyse") };
}

/** All analyses that the data allow, in order; an interrupt stops between two of them. */
async function allFindings(
  all: Data,
  analyses: readonly Analysis[],
  random: Random,
  effects: Effects,
): Promise<Findings[]> {
  const data = withoutExcluded(all);
  const { only } = data.settings;
  assertKnownAnalyses(data.settings, analyses);
  const selected = analyses.filter(
    (analysis) => applies(analysis, data) && (only?.includes(analysis.name) ?? true),
  );
  const progress = effects.progress("analyse", selected.length);
  const found: Findings[] = [];
  for (const analysis of selected) {
    effects.signal.throwIfAborted();
    const { name, question, section } = analysis;
    const position = analyses.indexOf(analysis) + 1;
    const about = { analysis: name, question, position, ...(section && { section }) };
    const done = found.length;
    const reached = (share: number) => progress.to(done + share, name);
    found.push({ ...about, ...analysis.run(data, random.fork(name), reached) });
    progress.to(done + 1, name);
    // Lets the event loop handle an interrupt between two analyses.
    await new Promise(setImmediate);
  }
  progress.end();
  return found;
}

function warnIfSimulated({ simulated }: Data, effects: Effects): void {
  if (simulated) effects.warn("the judgments are simulated: these results say nothing about people");
}

function assertTableGiven(given: Record<string, unknown>): void {
  const [flag] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
  if (!flag) return;
  throw new StudyError(`${flag} needs --judgments FILE`, {
    hint: "a study has these settings in study.yaml, declared before data collection; its page is made by `tinylove report`",
  });
}

const asJson = (found: readonly Findings[]): string =>
  JSON.stringify(Object.fromEntries(found.map(({ analysis, numbers }) => [analysis, numbers])), null, 2);

const nameOf = (file: string): string =>
  file
    .split(/[\\/]/)
    .at(-1)!
    .replace(/\.\w+$/, "");
