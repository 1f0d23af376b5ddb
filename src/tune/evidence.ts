import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { TrainerEvent } from "../llm/trainer.ts";
import { clusteredShare } from "../stats/clustered-share.ts";
import { StudyError } from "../workbench/errors.ts";
import { checked, exists, parseJson, readText } from "../workbench/files.ts";

/**
 * Measures of a set of texts: shares from 0 to 1, except for the entropy of words in bits and the longest run in
 * words.
 */
export const TextMeasures = z.looseObject({
  seq_rep_4: z.number(),
  distinct_1: z.number(),
  distinct_2: z.number(),
  distinct_3: z.number(),
  pronoun_share: z.number(),
  entropy_bits: z.number(),
  longest_copied_words: z.number(),
  copied_8_grams: z.number(),
  /** Mean length of a text; version 0.1 did not measure it. */
  words: z.number().optional(),
});
export type TextMeasures = Readonly<z.infer<typeof TextMeasures>>;

const Written = TextMeasures.extend({
  /** The share of texts that end by themselves. */
  share_that_ends: z.number(),
  texts: z.array(z.object({ title: z.string(), text: z.string() })),
});

/** Measures of a model on the test stories: its perplexity, and the texts that it writes for their titles. */
export const ModelMeasures = z.looseObject({
  perplexity: z.number(),
  perplexity_of_training: z.number(),
  /** The share of human stories that fit into the token limit of its texts. */
  stories_that_end: z.number().default(1),
  greedy: Written,
  sampled: Written,
});
export type ModelMeasures = Readonly<z.infer<typeof ModelMeasures>>;

/** What a model learnt from readers, on pairs of titles that were held out. */
const LearntPreference = z.object({
  pairs: z.number(),
  titles: z.number(),
  /** The share of pairs whose preferred text training raised more than the other, clustered by title. */
  accuracy: z.object({ estimate: z.number(), low: z.number(), high: z.number() }),
  /** The share of pairs whose preferred text is the likelier one per token, before and after. */
  likelier: z.object({ before: z.number(), after: z.number() }),
});
export type LearntPreference = Readonly<z.infer<typeof LearntPreference>>;

/** All data for the verdict on a tuned model. Losses are means per token, natural logarithm. */
export const Evidence = z.object({
  rate: z.number(),
  /** The rate found by a range test for the same model and stories. */
  foundRate: z.number().optional(),
  /** The lowest validation loss of other runs from the same base. */
  bestElsewhere: z.number().optional(),
  steps: z
    .array(z.object({ step: z.number(), loss: z.number(), gradientNorm: z.number().nullable() }))
    .min(1),
  /** The first is the base's, at step 0. */
  evaluations: z.array(z.object({ step: z.number(), loss: z.number() })).min(1),
  people: TextMeasures,
  base: ModelMeasures.optional(),
  tuned: ModelMeasures,
  /** Only for a model that learnt from readers; `base` is the model before. */
  preference: LearntPreference.optional(),
});
export type Evidence = Readonly<z.infer<typeof Evidence>>;

export type Curve = Pick<Evidence, "rate" | "steps" | "evaluations">;

/** `curve.jsonl` of a run: the losses of every step and every evaluation. */
export async function readCurve(folder: string): Promise<Curve> {
  const file = join(folder, "curve.jsonl");
  const text = await readText(file, "give a run that reached its first evaluation");
  const rows = text
    .trim()
    .split("\n")
    .filter(Boolean)
    // Python writes NaN and Infinity, which are not valid JSON.
    .map((line) => parseJson(line.replace(/\b-?(NaN|Infinity)\b/g, "null"), Row, file));
  const steps = rows.flatMap(({ step, loss, gradient_norm }) =>
    typeof loss === "number" ? [{ step, loss, gradientNorm: gradient_norm ?? null }] : [],
  );
  const after = rows.flatMap(({ step, validation_loss: loss }) =>
    typeof loss === "number" ? [{ step, loss }] : [],
  );
  const evaluations = [...(after[0]?.step === 0 ? [] : await baseEvaluation(folder)), ...after];
  if (steps.length === 0 || evaluations.length === 0) {
    throw new StudyError(`${file} has no complete curve`, {
      hint: "let the run reach its first evaluation",
    });
  }
  return { rate: Math.max(...rows.map(({ rate }) => rate ?? 0)), steps, evaluations };
}

/** The base's validation loss is in an event, because a curve may start after it. */
async function baseEvaluation(folder: string): Promise<Evidence["evaluations"]> {
  const first = (await eventsOf(folder)).find(({ event }) => event === "evaluation");
  const loss = first?.["validation_loss"];
  return first?.["step"] === 0 && typeof loss === "number" ? [{ step: 0, loss }] : [];
}

const Row = z.looseObject({
  step: z.number(),
  loss: z.number().nullish(),
  gradient_norm: z.number().nullish(),
  rate: z.number().nullish(),
  validation_loss: z.number().nullish(),
});

/** Combines what the trainer measured with the files in a run's folder. */
export async function evidenceOf(
  folder: string,
  measured: readonly TrainerEvent[],
  base?: ModelMeasures,
): Promise<Evidence> {
  const of = (who: string) => measured.find((event) => event.event === "diagnosis" && event["of"] === who);
  const { rate, steps, evaluations } = await readCurve(folder);
  const [found, elsewhere] = [await foundRate(folder), await bestElsewhere(folder)];
  return checked(
    {
      rate,
      ...(found !== undefined && { foundRate: found }),
      ...(elsewhere !== undefined && { bestElsewhere: elsewhere }),
      steps,
      evaluations,
      people: of("people"),
      base: base ?? of("base"),
      tuned: of("tuned"),
      preference: learntPreference(await eventsOf(folder)),
    },
    Evidence,
    folder,
  );
}

const Sides = z.object({ chosen: z.number(), rejected: z.number() });
const MeasuredPair = z.looseObject({ title: z.string(), tokens: Sides, before: Sides, after: Sides });

/** Held-out preference accuracy from the events of `prefer`; undefined for another kind of run. A tie counts half. */
export function learntPreference(events: readonly TrainerEvent[]): LearntPreference | undefined {
  const last = events.findLastIndex(({ event }) => event === "start");
  const pairs = events.slice(last + 1).flatMap((event) => MeasuredPair.safeParse(event).data ?? []);
  if (pairs.length === 0) return undefined;
  const share = (lead: (pair: z.infer<typeof MeasuredPair>) => number) =>
    pairs.map((pair) => (Math.sign(lead(pair)) + 1) / 2);
  const raised = share(
    ({ before, after }) => after.chosen - before.chosen - (after.rejected - before.rejected),
  );
  const likelier = (of: "before" | "after") =>
    mean(share((pair) => pair[of].chosen / pair.tokens.chosen - pair[of].rejected / pair.tokens.rejected));
  const titles = pairs.map(({ title }) => title);
  const { estimate, interval } = clusteredShare({ correct: raised, readers: titles, stories: titles }, 0.95);
  return {
    pairs: pairs.length,
    titles: new Set(titles).size,
    accuracy: { estimate, ...interval },
    likelier: { before: likelier("before"), after: likelier("after") },
  };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const RunConfig = z.looseObject({
  model: z.string(),
  template: z.string().optional(),
  messages: z.array(z.unknown()).optional(),
});

const formatOf = ({ template, messages }: z.infer<typeof RunConfig>): string =>
  JSON.stringify([template, messages]);

/** The lowest validation loss of other runs in the study with the same base and the same format. */
async function bestElsewhere(folder: string): Promise<number | undefined> {
  const own = await runConfigOf(folder);
  const siblings = (await readdir(join(folder, ".."), { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, "..", entry.name))
    .filter((sibling) => join(sibling) !== join(folder));
  const losses: number[] = [];
  for (const sibling of siblings) {
    const begun = await runConfigOf(sibling);
    if (!own || !begun || begun.model !== own.model || formatOf(begun) !== formatOf(own)) continue;
    if (!(await exists(join(sibling, "curve.jsonl")))) continue;
    const curve = await readCurve(sibling).catch(() => undefined);
    losses.push(...(curve?.evaluations ?? []).filter(({ step }) => step > 0).map(({ loss }) => loss));
  }
  return losses.length > 0 ? Math.min(...losses) : undefined;
}

async function runConfigOf(folder: string): Promise<z.infer<typeof RunConfig> | undefined> {
  const file = join(folder, "config.json");
  return (await exists(file)) ? parseJson(await readText(file), RunConfig, file) : undefined;
}

/** The events of a run, in order, without lines that a kill left incomplete. */
export async function eventsOf(folder: string): Promise<TrainerEvent[]> {
  const text = await readText(join(folder, "events.jsonl"));
  return text.split("\n").flatMap((line) => {
    try {
      return [TrainerEvent.parse(JSON.parse(line))];
    } catch {
      return [];
    }
  });
}

/** The last event of a range test. */
export const Suggested = z.looseObject({ suggested: z.number().positive() });

/** The rate that a range test found for a run; undefined without a test. */
export async function foundRate(folder: string): Promise<number | undefined> {
  const test = join(folder, "find-lr");
  if (!(await exists(join(test, "events.jsonl")))) return undefined;
  return Suggested.safeParse((await eventsOf(test)).at(-1)).data?.suggested;
}
