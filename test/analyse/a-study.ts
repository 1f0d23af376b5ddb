import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StudyConfig } from "../../src/study/config.ts";
import type { Form } from "../../src/study/form.ts";
import type { Judgment } from "../../src/study/judgment.ts";
import type { Key, Stimulus } from "../../src/study/stimulus.ts";
import { csv } from "../../src/tables/tables.ts";
import {
  formsFolder,
  judgmentColumns,
  judgmentRow,
  judgmentsFile,
  keyFile,
  stimuliFile,
} from "../../src/workbench/artefacts.ts";
import type { Effects } from "../../src/workbench/effects.ts";
import { jsonLines, writeWhole } from "../../src/workbench/files.ts";
import { type Study, studyOf } from "../../src/workbench/study.ts";

/** A study on disk with two forms of three human and three machine stories each, without judgments. */
export async function aStudy(settings: Record<string, unknown> = {}): Promise<Study> {
  const folder = await mkdtemp(join(tmpdir(), "tinylove-analyse-"));
  const study = studyOf(
    folder,
    StudyConfig.parse({ name: "of-two-forms", title: "Of two forms", ...settings }),
  );
  const key: Key[] = [];
  const stimuli: Stimulus[] = [];
  for (const form of ["form-1", "form-2"]) {
    for (const origin of ["human", "machine"] as const) {
      for (const number of [1, 2, 3]) {
        const id = stimulusOf(form, origin, number);
        const model = origin === "machine" ? "echo:" : "";
        key.push({ stimulus: id, origin, story: id, generation: model && id, model, example: model && "e1" });
        stimuli.push({
          id,
          title: `The ${origin} ${number} of ${form}`,
          text: `Once, ${id} …`,
          words: 2,
          cut: 7,
        });
      }
    }
  }
  await writeWhole(study.path(stimuliFile), jsonLines(stimuli));
  await writeWhole(
    study.path(keyFile),
    csv(["stimulus", "origin", "story", "generation", "model", "example"], key),
  );
  for (const id of ["form-1", "form-2"]) {
    const form: Form = {
      id,
      questions: stimuli
        .filter((stimulus) => stimulus.id.startsWith(id))
        .map((stimulus) => ({ id: `q-${stimulus.id}`, task: "human-or-machine", stimuli: [stimulus.id] })),
    };
    await writeWhole(study.path(formsFolder, `${id}.json`), JSON.stringify(form));
  }
  return study;
}

export const stimulusOf = (form: string, origin: string, number: number): string =>
  `${form}-${origin}-${number}`;

/** One participant's answers to a form: right on the first `human` human and the first `machine` machine stories. */
export function answersTo(
  form: string,
  participant: string,
  { human, machine, simulated = false }: { human: number; machine: number; simulated?: boolean },
): Judgment[] {
  return (["human", "machine"] as const).flatMap((origin) =>
    [1, 2, 3].map((number) => {
      const right = number <= (origin === "human" ? human : machine);
      const other = origin === "human" ? "machine" : "human";
      return {
        participant,
        form,
        question: `q-${number}`,
        task: "human-or-machine",
        stimuli: [stimulusOf(form, origin, number)],
        order: origin === "human" ? number : number + 3,
        at: "2026-01-01T00:00:00.000Z",
        simulated,
        response: { answer: right ? origin : other },
      };
    }),
  );
}

export const writeJudgments = (study: Study, judgments: readonly Judgment[]): Promise<void> =>
  writeWhole(
    study.path(judgmentsFile),
    csv(
      judgmentColumns(judgments.flatMap(({ response }) => Object.keys(response))),
      judgments.map(judgmentRow),
    ),
  );

/** Effects that record what would be printed. */
export function quiet(): Effects & { readonly printed: string[]; readonly logged: string[] } {
  const printed: string[] = [];
  const logged: string[] = [];
  return {
    printed,
    logged,
    fetch: () => Promise.reject(new Error("no test of the analysis goes out")),
    spawn: () => {
      throw new Error("no test of the analysis starts a program");
    },
    env: {},
    now: () => 0,
    log: (message) => logged.push(message),
    warn: (message) => logged.push(message),
    print: (text) => printed.push(text),
    progress: () => ({ to() {}, step() {}, end() {} }),
    signal: new AbortController().signal,
  };
}
