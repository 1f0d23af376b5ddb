import { dirname, extname, join, resolve } from "node:path";
import { z } from "zod";
import { Registration } from "../registration/registration.ts";
import { type Random, randomFrom } from "../stats/random.ts";
import type { Form } from "../study/form.ts";
import { shortConditions } from "../study/generation.ts";
import { plannedEnd } from "../study/planned-end.ts";
import { methodOf01, RecordedAnalyseSettings } from "../study/settings/analyse.ts";
import { type Row, readTable } from "../tables/tables.ts";
import { TaskProperties } from "../tasks/kinds.ts";
import { requireTask } from "../tasks/tasks.ts";
import { judgmentOf, judgmentsFile, registrationFile } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, readJson } from "../workbench/files.ts";
import { openStudy } from "../workbench/study.ts";
import type { Data, Origin } from "./data.ts";
import {
  answersOnForms,
  botSignalsIn,
  conditionsOf,
  dataOfStudy,
  type StimulusLookup,
  withClusterLabels,
} from "./from-study.ts";
import { numericColumns } from "./from-table.ts";
import { readerGroupings, recruitedColumn } from "./reader-groups.ts";

/** The judgments of a table that Tiny Love wrote, ready to analyse. */
export interface OwnTable {
  readonly data: Data;
  /** The same random stream as in the study. */
  readonly random: Random;
  /** Where origins and settings come from, for a message. */
  readonly source: string;
}

/**
 * Reads a table of judgments that Tiny Love wrote. Its origins are in other files: the key of a study, or the stimuli of a
 * package. Both also have the settings, so the table gets the verdict of its study. Undefined for any other table, or one
 * that was moved away from these files.
 */
export async function dataOfOwnTable(path: string): Promise<OwnTable | undefined> {
  return (await dataOfStudyTable(path)) ?? (await dataOfPackageTable(path));
}

async function dataOfStudyTable(path: string): Promise<OwnTable | undefined> {
  const folder = dirname(dirname(resolve(path)));
  if (resolve(path) !== join(folder, judgmentsFile) || !(await exists(join(folder, "study.yaml"))))
    return undefined;
  const study = await openStudy(folder);
  return {
    data: await dataOfStudy(study),
    random: study.random("analyse"),
    source: `the study in ${folder}`,
  };
}

const AboutQuestion = z.looseObject({
  name: z.string(),
  options: z.array(z.string()).optional(),
  number: z.boolean().optional(),
});

/** The parts of a package's `settings.json` that the analysis needs. */
const Settings = z.looseObject({
  seed: z.union([z.int(), z.string()]),
  survey: z.looseObject({ quota: z.int().optional(), demographics: z.array(AboutQuestion).default([]) }),
  compose: z
    .looseObject({
      conditions: z.looseObject({ of: z.array(z.looseObject({ name: z.string() })) }).optional(),
    })
    .optional(),
  analyse: RecordedAnalyseSettings,
  /** What each task asks; absent from packages of version 0.1, whose tasks are all known here. */
  tasks: z.record(z.string(), TaskProperties).default({}),
});

async function dataOfPackageTable(path: string): Promise<OwnTable | undefined> {
  const sibling = (name: string) => join(dirname(path), name);
  const [settings, registered] = ["settings.json", registrationFile].map((name) => sibling(join("..", name)));
  const [stimuli, forms, measures] = ["stimuli", "forms", "measures"].map((name) =>
    sibling(name + extname(path)),
  );
  const needed = [stimuli!, forms!, settings!];
  if ((await Promise.all(needed.map(exists))).includes(false)) return undefined;

  const { seed, survey, compose, analyse, tasks } = await readJson(settings!, Settings);
  const registration = (await exists(registered!)) ? await readJson(registered!, Registration) : undefined;
  const readers = registration?.frozen.readers ?? plannedEnd({ analyse, survey });
  const judgments = (await readTable(path)).map((row, at) =>
    judgmentOf(studyRow(row), `${path}, row ${at + 1}`),
  );
  // A package without a method was made by version 0.1.
  const { weighting = methodOf01.weighting, clusters = [...methodOf01.clusters] } = analyse;
  const declared = { ...analyse, weighting, clusters, stop: { ...analyse.stop, readers } };
  const judged = answersOnForms(
    judgments,
    formsOf(await readTable(forms!)),
    await stimulusLookup(stimuli!),
    (task) => tasks[task] ?? requireTask(path, task),
  );
  const people = await participantsOf((name) => sibling(name + extname(path)));
  const questions = [...survey.demographics, { name: recruitedColumn, options: [] }];
  const groups = readerGroupings(
    analyse.groups ?? [],
    people,
    questions,
    registration && (registration.frozen.analyse.groups ?? []),
  );
  return {
    data: {
      settings: declared,
      ...withClusterLabels(judged, people, declared),
      ...(groups.length > 0 && { groups }),
      botSignals: botSignalsIn([...people.values()]),
      measures: await measuresOf(measures!, stimuli!),
      ...conditionsOf(compose?.conditions),
    },
    random: randomFrom(seed, "analyse"),
    source: `the package in ${dirname(dirname(resolve(path)))}`,
  };
}

/** A row of a package in the format of a study; packages have no times of day. */
function studyRow({ origin, human_side, right, in_verdict, simulated, ...row }: Row): Row {
  return { ...row, at: "", simulated: /^true$/i.test(simulated ?? "") ? "yes" : "no" };
}

async function stimulusLookup(path: string): Promise<StimulusLookup> {
  const stimuli = new Map((await readTable(path)).map((row) => [row["stimulus"], row]));
  const short = shortConditions([...stimuli.values()].map(({ model = "" }) => model));
  return (stimulus) => {
    const row = stimuli.get(stimulus);
    if (!row)
      throw new StudyError(`${path} has no stimulus ${stimulus}`, { hint: "unpack the package again" });
    const { origin, model = "", example = "", title = "" } = row;
    return { stimulus, origin: origin as Origin, model: short(model), example, title };
  };
}

/** What the package says about each participant. */
async function participantsOf(sibling: (name: string) => string): Promise<ReadonlyMap<string, Row>> {
  const file = sibling("participants");
  const rows = (await exists(file)) ? await readTable(file) : [];
  return new Map(rows.map((row) => [row["participant"] ?? "", row]));
}

/** The measures of the text behind each stimulus, if the package has them. */
async function measuresOf(measures: string, stimuli: string): Promise<Data["measures"]> {
  if (!(await exists(measures))) return new Map();
  const rows = new Map(
    (await readTable(measures)).map(({ story, generation, ...row }) => [
      generation || story,
      Object.fromEntries(
        Object.entries(row).map(([name, cell]) => [name, yesOrNo[cell.toUpperCase()] ?? cell]),
      ),
    ]),
  );
  const rowsByStimulus = (await readTable(stimuli)).flatMap(({ stimulus = "", story, generation }) => {
    const row = rows.get(generation || story);
    return row ? [{ stimulus, row }] : [];
  });
  return numericColumns(rowsByStimulus, new Set());
}

const yesOrNo: Readonly<Record<string, string>> = { TRUE: "yes", FALSE: "no" };

function formsOf(rows: readonly Row[]): Form[] {
  const forms = new Map<string, Form["questions"]>();
  for (const { form = "", question = "", task = "", stimulus, second_stimulus } of rows) {
    const stimuli = [stimulus, second_stimulus].filter((id) => id !== undefined && id !== "") as string[];
    forms.set(form, [...(forms.get(form) ?? []), { id: question, task, stimuli }]);
  }
  return [...forms].map(([id, questions]) => ({ id, questions }));
}
