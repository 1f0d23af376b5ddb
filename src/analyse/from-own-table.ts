import { dirname, extname, join, resolve } from "node:path";
import { z } from "zod";
import { Registration } from "../registration/registration.ts";
import { type Random, randomFrom } from "../stats/random.ts";
import type { Form } from "../study/form.ts";
import { plannedEnd } from "../study/planned-end.ts";
import { AnalyseSettings, methodOf01 } from "../study/settings/analyse.ts";
import { type Row, readTable } from "../tables/tables.ts";
import { TaskFacts } from "../tasks/kinds.ts";
import { taskAt } from "../tasks/tasks.ts";
import { judgmentOf, judgmentsFile, registrationFile } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, readJson } from "../workbench/files.ts";
import { openStudy } from "../workbench/study.ts";
import type { Data, Origin } from "./data.ts";
import { dataOfStudy, judgedOn, labelled, type StimulusLookup } from "./from-study.ts";
import { numericColumns } from "./from-table.ts";

/** Judgments with what they are analysed by. */
export interface OwnTable {
  readonly data: Data;
  /** As the study itself draws. */
  readonly random: Random;
  /** Where origins and settings were found, in words. */
  readonly by: string;
}

/**
 * A table of judgments that Tiny Love wrote says nothing of origins in itself: a study's keeps them in its key, a
 * package's in its stimuli. Both say what is claimed, too, so that such a table has the verdict of its study.
 * Undefined for a table from elsewhere, or one that was taken from its place.
 */
export async function dataOfOwnTable(path: string): Promise<OwnTable | undefined> {
  return (await dataOfStudysTable(path)) ?? (await dataOfPackagesTable(path));
}

async function dataOfStudysTable(path: string): Promise<OwnTable | undefined> {
  const folder = dirname(dirname(resolve(path)));
  if (resolve(path) !== join(folder, judgmentsFile) || !(await exists(join(folder, "study.yaml"))))
    return undefined;
  const study = await openStudy(folder);
  return { data: await dataOfStudy(study), random: study.random("analyse"), by: `the study in ${folder}` };
}

/** `settings.json` of a package, as far as its analysis goes by it. */
const Settings = z.looseObject({
  seed: z.union([z.int(), z.string()]),
  survey: z.looseObject({ quota: z.int().optional() }),
  analyse: AnalyseSettings,
  /** What each task asks; absent from packages of version 0.1, whose tasks are all known here. */
  tasks: z.record(z.string(), TaskFacts).default({}),
});

async function dataOfPackagesTable(path: string): Promise<OwnTable | undefined> {
  const beside = (name: string) => join(dirname(path), name);
  const [settings, registered] = ["settings.json", registrationFile].map((name) => beside(join("..", name)));
  const [stimuli, forms, measures] = ["stimuli", "forms", "measures"].map((name) =>
    beside(name + extname(path)),
  );
  const needed = [stimuli!, forms!, settings!];
  if ((await Promise.all(needed.map(exists))).includes(false)) return undefined;

  const { seed, survey, analyse, tasks } = await readJson(settings!, Settings);
  const registration = (await exists(registered!)) ? await readJson(registered!, Registration) : undefined;
  const readers = registration?.frozen.readers ?? plannedEnd({ analyse, survey });
  const judgments = (await readTable(path)).map((row, at) =>
    judgmentOf(asInStudy(row), `${path}, row ${at + 1}`),
  );
  // A package that says nothing of the method was made by version 0.1.
  const { weigh = methodOf01.weigh, clusters = [...methodOf01.clusters] } = analyse;
  const declared = { ...analyse, weigh, clusters, stop: { ...analyse.stop, readers } };
  const judged = judgedOn(
    judgments,
    formsOf(await readTable(forms!)),
    await lookAt(stimuli!),
    (task) => tasks[task] ?? taskAt(path, task),
  );
  return {
    data: {
      settings: declared,
      ...labelled(judged, await peopleBeside((name) => beside(name + extname(path))), declared),
      measures: await measuresOf(measures!, stimuli!),
    },
    random: randomFrom(seed, "analyse"),
    by: `the package in ${dirname(dirname(resolve(path)))}`,
  };
}

/** A package's row as its study has it; hours are left out of a package. */
function asInStudy({ origin, human_side, right, in_verdict, simulated, ...row }: Row): Row {
  return { ...row, at: "", simulated: /^true$/i.test(simulated ?? "") ? "yes" : "no" };
}

async function lookAt(path: string): Promise<StimulusLookup> {
  const stimuli = new Map((await readTable(path)).map((row) => [row["stimulus"], row]));
  return (stimulus) => {
    const row = stimuli.get(stimulus);
    if (!row)
      throw new StudyError(`${path} has no stimulus ${stimulus}`, { hint: "unpack the package again" });
    const { origin, model = "", example = "", title = "" } = row;
    return { stimulus, origin: origin as Origin, model, example, title };
  };
}

/** What the package says of its participants, as far as it tells. */
async function peopleBeside(beside: (name: string) => string): Promise<ReadonlyMap<string, Row>> {
  const file = beside("participants");
  const rows = (await exists(file)) ? await readTable(file) : [];
  return new Map(rows.map((row) => [row["participant"] ?? "", row]));
}

/** What the package says of the text behind each stimulus, where it was measured. */
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
  const behind = (await readTable(stimuli)).flatMap(({ stimulus = "", story, generation }) => {
    const row = rows.get(generation || story);
    return row ? [{ stimulus, row }] : [];
  });
  return numericColumns(behind, new Set());
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
