import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { TrainerEvent } from "../llm/trainer.ts";
import { StudyError } from "../workbench/errors.ts";
import { checked, exists, parseJson, readText } from "../workbench/files.ts";

/** What texts measure like; shares of 1 but for the entropy of their words in bits and the longest run in words. */
export const TextMeasures = z.looseObject({
  seq_rep_4: z.number(),
  distinct_1: z.number(),
  distinct_2: z.number(),
  distinct_3: z.number(),
  pronoun_share: z.number(),
  entropy_bits: z.number(),
  longest_copied_words: z.number(),
  copied_8_grams: z.number(),
});
export type TextMeasures = Readonly<z.infer<typeof TextMeasures>>;

const Written = TextMeasures.extend({
  /** How many texts end by themselves. */
  share_that_ends: z.number(),
  texts: z.array(z.object({ title: z.string(), text: z.string() })),
});

/** A model on the test stories: how it takes them, and what it writes to their titles. */
export const ModelMeasures = z.looseObject({
  perplexity: z.number(),
  perplexity_of_training: z.number(),
  /** How many of people's stories come to their end in as many tokens as its texts were given. */
  stories_that_end: z.number().default(1),
  greedy: Written,
  sampled: Written,
});
export type ModelMeasures = Readonly<z.infer<typeof ModelMeasures>>;

/** Everything that a verdict on a tuned model rests on. Losses are means a token, natural logarithm. */
export const Evidence = z.object({
  rate: z.number(),
  /** What a range test found for the same model and stories. */
  foundRate: z.number().optional(),
  /** The lowest validation loss that another run from the same base came to. */
  bestElsewhere: z.number().optional(),
  steps: z
    .array(z.object({ step: z.number(), loss: z.number(), gradientNorm: z.number().nullable() }))
    .min(1),
  /** The first is that of the base, at step 0. */
  evaluations: z.array(z.object({ step: z.number(), loss: z.number() })).min(1),
  people: TextMeasures,
  base: ModelMeasures.optional(),
  tuned: ModelMeasures,
});
export type Evidence = Readonly<z.infer<typeof Evidence>>;

export type Curve = Pick<Evidence, "rate" | "steps" | "evaluations">;

/** `curve.jsonl` of a run: the losses of every step and every evaluation. */
export async function readCurve(folder: string): Promise<Curve> {
  const file = join(folder, "curve.jsonl");
  const text = await readText(file, "name a run that came at least to its first evaluation");
  const rows = text
    .trim()
    .split("\n")
    .filter(Boolean)
    // Python writes what is no number by its name, which is no JSON.
    .map((line) => parseJson(line.replace(/\b-?(NaN|Infinity)\b/g, "null"), Row, file));
  const steps = rows.flatMap(({ step, loss, gradient_norm }) =>
    typeof loss === "number" ? [{ step, loss, gradientNorm: gradient_norm ?? null }] : [],
  );
  const after = rows.flatMap(({ step, validation_loss: loss }) =>
    typeof loss === "number" ? [{ step, loss }] : [],
  );
  const evaluations = [...(after[0]?.step === 0 ? [] : await baseEvaluation(folder)), ...after];
  if (steps.length === 0 || evaluations.length === 0) {
    throw new StudyError(`${file} holds no whole curve`, {
      hint: "let the run come to its first evaluation",
    });
  }
  return { rate: Math.max(...rows.map(({ rate }) => rate ?? 0)), steps, evaluations };
}

/** The base's own loss on the validation stories is told as an event; a curve may begin after it. */
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

/** Puts together what the trainer measured and what lies in a run's folder. */
export async function evidenceOf(
  folder: string,
  measured: readonly TrainerEvent[],
  base?: ModelMeasures,
): Promise<Evidence> {
  const of = (whom: string) => measured.find((event) => event.event === "diagnosis" && event["of"] === whom);
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
    },
    Evidence,
    folder,
  );
}

const Begun = z.looseObject({ model: z.string(), template: z.string().optional() });

/** The lowest validation loss of the other runs in the same study that began from the same model in the same form. */
async function bestElsewhere(folder: string): Promise<number | undefined> {
  const own = await begunWith(folder);
  const siblings = (await readdir(join(folder, ".."), { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, "..", entry.name))
    .filter((sibling) => join(sibling) !== join(folder));
  const losses: number[] = [];
  for (const sibling of siblings) {
    const begun = await begunWith(sibling);
    if (!own || !begun || begun.model !== own.model || begun.template !== own.template) continue;
    if (!(await exists(join(sibling, "curve.jsonl")))) continue;
    const curve = await readCurve(sibling).catch(() => undefined);
    losses.push(...(curve?.evaluations ?? []).filter(({ step }) => step > 0).map(({ loss }) => loss));
  }
  return losses.length > 0 ? Math.min(...losses) : undefined;
}

async function begunWith(folder: string): Promise<z.infer<typeof Begun> | undefined> {
  const file = join(folder, "config.json");
  return (await exists(file)) ? parseJson(await readText(file), Begun, file) : undefined;
}

/** The events of a run, in order; a line that a kill cut short is left out. */
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

/** The rate that a range test found for a run, where one was made. */
export async function foundRate(folder: string): Promise<number | undefined> {
  const test = join(folder, "find-lr");
  if (!(await exists(join(test, "events.jsonl")))) return undefined;
  return Suggested.safeParse((await eventsOf(test)).at(-1)).data?.suggested;
}
