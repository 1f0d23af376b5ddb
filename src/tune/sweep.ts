import { z } from "zod";
import { StudyError } from "../workbench/errors.ts";
import { realNumber, wholeNumber } from "../workbench/options.ts";
import { command } from "../workbench/stage.ts";
import { openStudy } from "../workbench/study.ts";
import { withUnpackedBase } from "./base.ts";
import { type Diagnosis, diagnoseRun } from "./diagnose.ts";
import { jobOf, storiesToTuneOn } from "./job.ts";
import { tune } from "./run.ts";

const options = z.object({
  rates: z.string({ error: "give learning rates, such as 1e-5,3e-5,1e-4" }),
  model: z.string().optional(),
  method: z.enum(["full", "lora"], "full or lora").optional(),
  epochs: realNumber(0.01, 1000).optional(),
  output: z.string().optional(),
  titles: wholeNumber(1).default(20),
  tokens: wholeNumber(8).default(200),
  json: z.boolean().default(false),
});

/** `tinylove tune sweep`: the same tuning at several learning rates, compared. */
export const sweep = command({
  name: "tune sweep",
  examples: [
    "tinylove tune sweep --study my-study --model ./gpt-neo-125m --rates 1e-5,1e-4,1e-3",
    "tinylove tune sweep --model ./gpt-neo-125m --method lora --rates 1e-4,3e-4 --json",
  ],
  flags: [
    ["--rates <rates>", "learning rates, separated by commas"],
    ["--model <model>", "the base: a folder with config.json and weights, or OWNER/NAME on the hub"],
    ["--method <method>", "full or lora (default: tune.method)"],
    ["--epochs <epochs>", "most passes over the training stories (default: tune.epochs)"],
    ["--output <name>", "the start of the folders' names in tuned/; the rate is added"],
    ["--titles <number>", "number of test titles to write stories for (default: 20)"],
    ["--tokens <number>", "length of these texts in tokens (default: 200)"],
    ["--json", "print JSON, for programs"],
  ],
  options,
  async run(folder, { rates, titles, tokens, json, ...overrides }, effects) {
    const study = await openStudy(folder);
    const inOrder = ratesOf(rates);
    await storiesToTuneOn(study);
    const request = await withUnpackedBase(study, overrides, effects);
    const begin = (await jobOf(study, request)).name;
    const jobs = [];
    for (const rate of inOrder)
      jobs.push(await tune(study, { ...request, rate, output: `${begin}-${inName(rate)}` }, {}, effects));
    // Judge after all have been trained, because the best loss is known only then.
    const found: SweepResult[] = [];
    for (const { name } of jobs) {
      const base = found[0]?.evidence.base;
      const diagnosis = await diagnoseRun(study, name, { titles, tokens, base }, effects);
      found.push({ name, ...diagnosis });
    }
    effects.print(json ? JSON.stringify(rowsOf(found), null, 2) : tableOf(found));
  },
});

export type SweepResult = Pick<Diagnosis, "evidence" | "verdict"> & { readonly name: string };

/** Rates in ascending order, without repetitions; throws StudyError for an invalid rate. */
export function ratesOf(text: string): number[] {
  const rates = text.split(",").map((part) => {
    const rate = realNumber(1e-12, 10).safeParse(part.trim() || Number.NaN);
    if (rate.success) return rate.data;
    throw new StudyError(`--rates ${text}: ${part.trim() || "(empty)"} is not a learning rate`, {
      hint: "write them as 1e-5,3e-5,1e-4",
    });
  });
  return [...new Set(rates)].sort((one, other) => one - other);
}

/** The usable run with the lowest validation loss; undefined if all are unusable. */
export function bestOf(found: readonly SweepResult[]): SweepResult | undefined {
  return found
    .filter(({ verdict }) => !verdict.unusable)
    .reduce<SweepResult | undefined>(
      (best, one) => (best && lossOf(best) <= lossOf(one) ? best : one),
      undefined,
    );
}

const lossOf = ({ evidence }: SweepResult): number =>
  Math.min(...evidence.evaluations.map(({ loss }) => loss));

const rowOf = ({ name, evidence, verdict }: SweepResult) => ({
  name,
  rate: evidence.rate,
  validationLoss: Math.min(...evidence.evaluations.map(({ loss }) => loss)),
  lastValidationLoss: evidence.evaluations.at(-1)!.loss,
  greedyRepetition: evidence.tuned.greedy.seq_rep_4,
  pronounsTimesPeople: evidence.tuned.greedy.pronoun_share / Math.max(evidence.people.pronoun_share, 1e-6),
  verdict: verdict.is,
});

const rowsOf = (found: readonly SweepResult[]) =>
  found.map((one) => ({ ...rowOf(one), flagged: one.verdict.unusable, best: one === bestOf(found) }));

/** One line per rate; unusable ones are flagged, the best is marked. */
export function tableOf(found: readonly SweepResult[]): string {
  const best = bestOf(found);
  const lines = found.map((one) => {
    const row = rowOf(one);
    const numbers = [
      row.validationLoss,
      row.lastValidationLoss,
      row.greedyRepetition,
      row.pronounsTimesPeople,
    ];
    const mark = one.verdict.unusable ? "FLAGGED" : one === best ? "best" : "";
    const cells = numbers.map((number) => number.toFixed(3).padStart(13)).join("");
    return `${row.rate.toExponential().padEnd(9)}${cells}  ${row.verdict.padEnd(17)}${mark}`.trimEnd();
  });
  return [
    `rate     ${["validation", "last", "greedy rep-4", "pronouns/ppl"].map((label) => label.padStart(13)).join("")}  verdict`,
    ...lines,
    "",
    best
      ? `use ${best.evidence.rate.toExponential()}: tuned/${best.name}`
      : "every rate ruins the model: try lower ones, or --find-lr",
  ].join("\n");
}

/** A rate for a folder's name, without a plus sign. */
export const inName = (rate: number): string => rate.toExponential().replace("+", "");
