import { z } from "zod";
import { StudyError } from "../workbench/errors.ts";
import { realNumber, wholeNumber } from "../workbench/options.ts";
import { command } from "../workbench/stage.ts";
import { openStudy } from "../workbench/study.ts";
import { withFolder } from "./base.ts";
import { type Diagnosis, diagnoseRun } from "./diagnose.ts";
import { jobOf, storiesToTuneOn } from "./job.ts";
import { tune } from "./run.ts";

const options = z.object({
  rates: z.string({ error: "name learning rates, as in 1e-5,3e-5,1e-4" }),
  model: z.string().optional(),
  method: z.enum(["full", "lora"], "full or lora").optional(),
  epochs: realNumber(0.01, 1000).optional(),
  output: z.string().optional(),
  titles: wholeNumber(1).default(20),
  tokens: wholeNumber(8).default(200),
  json: z.boolean().default(false),
});

/** `tinylove tune sweep`: the same tuning at several learning rates, each judged beside the others. */
export const sweep = command({
  name: "tune sweep",
  summary: "Tune at several learning rates, and tell which spoil the model and which is best",
  examples: [
    "tinylove tune sweep --study my-study --model ./gpt-neo-125m --rates 1e-5,1e-4,1e-3",
    "tinylove tune sweep --model ./gpt-neo-125m --method lora --rates 1e-4,3e-4 --json",
  ],
  flags: [
    ["--rates <rates>", "learning rates, with commas between them"],
    ["--model <model>", "the base: a folder with config.json and weights, or OWNER/NAME on the hub"],
    ["--method <method>", "full or lora (default: tune.method)"],
    ["--epochs <epochs>", "passes over the training stories, at most (default: tune.epochs)"],
    ["--output <name>", "how the folders below tuned/ begin; the rate is added"],
    ["--titles <number>", "test stories whose titles are written to (default 20)"],
    ["--tokens <number>", "length of these texts (default 200)"],
    ["--json", "print JSON, for programs"],
  ],
  options,
  async run(folder, { rates, titles, tokens, json, ...asked }, effects) {
    const study = await openStudy(folder);
    const inOrder = ratesOf(rates);
    await storiesToTuneOn(study);
    const wanted = await withFolder(study, asked, effects);
    const begin = (await jobOf(study, wanted)).name;
    const jobs = [];
    for (const rate of inOrder)
      jobs.push(await tune(study, { ...wanted, rate, output: `${begin}-${inName(rate)}` }, {}, effects));
    // Judged when all have been trained: what is the best is known only then.
    const found: Swept[] = [];
    for (const { name } of jobs) {
      const base = found[0]?.evidence.base;
      const diagnosis = await diagnoseRun(study, name, { titles, tokens, base }, effects);
      found.push({ name, ...diagnosis });
    }
    effects.print(json ? JSON.stringify(rowsOf(found), null, 2) : tableOf(found));
  },
});

export type Swept = Pick<Diagnosis, "evidence" | "verdict"> & { readonly name: string };

/** Rates in rising order, each once; throws StudyError for what is no rate. */
export function ratesOf(text: string): number[] {
  const rates = text.split(",").map((part) => {
    const rate = realNumber(1e-12, 10).safeParse(part.trim() || Number.NaN);
    if (rate.success) return rate.data;
    throw new StudyError(`--rates ${text}: ${part.trim() || "nothing"} is no learning rate`, {
      hint: "write them as in 1e-5,3e-5,1e-4",
    });
  });
  return [...new Set(rates)].sort((one, other) => one - other);
}

/** The run with the lowest validation loss among those that are not spoilt; undefined where all are. */
export function bestOf(found: readonly Swept[]): Swept | undefined {
  return found
    .filter(({ verdict }) => !verdict.spoilt)
    .reduce<Swept | undefined>((best, one) => (best && lossOf(best) <= lossOf(one) ? best : one), undefined);
}

const lossOf = ({ evidence }: Swept): number => Math.min(...evidence.evaluations.map(({ loss }) => loss));

const rowOf = ({ name, evidence, verdict }: Swept) => ({
  name,
  rate: evidence.rate,
  validationLoss: Math.min(...evidence.evaluations.map(({ loss }) => loss)),
  lastValidationLoss: evidence.evaluations.at(-1)!.loss,
  greedyRepetition: evidence.tuned.greedy.seq_rep_4,
  pronounsTimesPeople: evidence.tuned.greedy.pronoun_share / Math.max(evidence.people.pronoun_share, 1e-6),
  verdict: verdict.is,
});

const rowsOf = (found: readonly Swept[]) =>
  found.map((one) => ({ ...rowOf(one), flagged: one.verdict.spoilt, best: one === bestOf(found) }));

/** One line a rate, the spoilt ones flagged, the best one passed. */
export function tableOf(found: readonly Swept[]): string {
  const best = bestOf(found);
  const lines = found.map((one) => {
    const row = rowOf(one);
    const numbers = [
      row.validationLoss,
      row.lastValidationLoss,
      row.greedyRepetition,
      row.pronounsTimesPeople,
    ];
    const mark = one.verdict.spoilt ? "FLAGGED" : one === best ? "best" : "";
    const cells = numbers.map((number) => number.toFixed(3).padStart(13)).join("");
    return `${row.rate.toExponential().padEnd(9)}${cells}  ${row.verdict.padEnd(17)}${mark}`.trimEnd();
  });
  return [
    `rate     ${["validation", "last", "greedy rep-4", "pronouns/ppl"].map((label) => label.padStart(13)).join("")}  verdict`,
    ...lines,
    "",
    best
      ? `take ${best.evidence.rate.toExponential()}: tuned/${best.name}`
      : "every rate spoils the model: try lower ones, or --find-lr",
  ].join("\n");
}

/** A rate as folders may be named after it: a plus sign is none of their letters. */
export const inName = (rate: number): string => rate.toExponential().replace("+", "");
