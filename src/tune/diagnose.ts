import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { runTrainer, type TrainerEvent } from "../llm/trainer.ts";
import type { Findings } from "../study/finding.ts";
import { storiesFile, titlesLearntFrom, tunedFolder, tuningFindingsFile } from "../workbench/artefacts.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, readJson, writeWhole } from "../workbench/files.ts";
import { wholeNumber } from "../workbench/options.ts";
import { command } from "../workbench/stage.ts";
import { openStudy, type Study } from "../workbench/study.ts";
import { type Evidence, eventsOf, evidenceOf, type ModelMeasures } from "./evidence.ts";
import { seedOf, tunedPath } from "./job.ts";
import { tuningFindings } from "./tuning-findings.ts";
import { inWords, type Verdict, verdictOn } from "./verdict.ts";

const options = z.object({
  name: z.string().optional(),
  titles: wholeNumber(1).default(20),
  tokens: wholeNumber(8).default(200),
  json: z.boolean().default(false),
});

/** `tinylove tune diagnose`: judges a tuned model, in words and with the numbers behind them. */
export const diagnose = command({
  name: "tune diagnose",
  examples: [
    "tinylove tune diagnose --study my-study",
    "tinylove tune diagnose gpt-neo-125m-full --titles 50",
  ],
  parameters: [["[name]", "the folder in tuned/; not needed if there is only one"]],
  flags: [
    ["--titles <number>", "number of test titles to write stories for (default: 20)"],
    ["--tokens <number>", "length of these texts in tokens (default: 200)"],
    ["--json", "print every figure with full precision"],
  ],
  options,
  async run(folder, { name, json, ...sizes }, effects) {
    const study = await openStudy(folder);
    const { findings, verdict } = await diagnoseRun(study, name ?? (await onlyRun(study)), sizes, effects);
    effects.print(json ? JSON.stringify(findings, null, 2) : inTerminal(findings, verdict));
  },
});

export interface Sizes {
  readonly titles: number;
  readonly tokens: number;
  /** The base's measures, if it was already measured in the same way. */
  readonly base?: ModelMeasures | undefined;
}

export interface Diagnosis {
  readonly evidence: Evidence;
  readonly verdict: Verdict;
  readonly findings: Findings;
}

/**
 * Measures a tuned model in comparison with its base and human stories, judges it, and writes
 * `tuned/<name>/findings.json` for the report.
 */
export async function diagnoseRun(
  study: Study,
  name: string,
  { titles, tokens, base }: Sizes,
  effects: Effects,
): Promise<Diagnosis> {
  const folder = tunedPath(study, name);
  const begun = await readJson(join(folder, "config.json"), RunConfig, "give a folder in tuned/");
  if (!(await exists(join(folder, "model")))) {
    throw new StudyError(`tuned/${name} has no model yet`, {
      hint: `run \`tinylove tune run --output ${name}\` until it is done`,
    });
  }
  const measured: TrainerEvent[] = [];
  const config = {
    model: join(folder, "model"),
    ...(!base && { base: begun.model }),
    run: folder,
    finished: join(folder, "diagnosis", "finished.jsonl"),
    learnt_titles: await titlesLearntFrom(folder),
    stories: study.path(storiesFile),
    ...(begun.messages ? { messages: begun.messages } : { template: begun.template }),
    titles,
    tokens,
    seed: seedOf(study),
    threads: study.config.tune.threads ?? null,
  };
  effects.log(`  measuring ${name}${base ? "" : ", its base"} and the human test stories`);
  await runTrainer(
    {
      command: "diagnose",
      config,
      folder: join(folder, "diagnosis"),
      label: "diagnose",
      onEvent: (event) => measured.push(event),
    },
    effects,
  );
  const evidence = await evidenceOf(folder, measured, base);
  const verdict = verdictOn(evidence);
  const findings = tuningFindings(name, evidence, verdict, await eventsOf(folder));
  await writeWhole(study.path(tuningFindingsFile(name)), `${JSON.stringify(findings, null, 2)}\n`);
  return { evidence, verdict, findings };
}

const RunConfig = z.looseObject({
  model: z.string(),
  template: z.string().optional(),
  messages: z.array(z.unknown()).optional(),
});

/** The only tuned model of a study; throws StudyError if there is none, or more than one. */
export async function onlyRun(study: Study): Promise<string> {
  const entries = await readdir(study.path(tunedFolder), { withFileTypes: true }).catch(() => []);
  const found = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  if (found.length === 1) return found[0]!;
  throw new StudyError(
    found.length === 0 ? "the study has no tuned model" : "there are several tuned models",
    {
      hint:
        found.length === 0 ? "run `tinylove tune run --model DIR` first" : `give one of ${found.join(", ")}`,
    },
  );
}

/** The verdict and the table of measures, for a terminal. */
export function inTerminal({ findings }: Findings, verdict: Verdict): string {
  const rows = findings.flatMap((finding) => (finding.kind === "table" ? [finding] : [])).slice(0, 1);
  const table = rows.flatMap(({ table: { columns, rows } }) => [
    columns.map(({ label }, at) => (at === 0 ? label.padEnd(26) : label.padStart(16))).join(""),
    ...rows.map((row) => {
      // Rows of counts have no decimals, all others do, so that the numbers line up.
      const decimals = Object.values(row).some((value) => typeof value === "number" && value % 1 !== 0)
        ? 3
        : 0;
      return columns
        .map(({ key }, at) =>
          at === 0 ? String(row[key]).padEnd(26) : cell(row[key], decimals).padStart(16),
        )
        .join("");
    }),
  ]);
  const also = verdict.also.map(({ is, because }) => `also ${is}: ${because}`);
  return [inWords(verdict), ...also, "", ...table].join("\n");
}

const cell = (value: unknown, decimals: number): string =>
  typeof value === "number" ? value.toFixed(decimals) : "";
