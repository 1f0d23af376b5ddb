import { z } from "zod";
import { formerGeneration, formerModel, withPresentNames } from "./former-names.ts";

/** How a generation ended: with a text, with one cut at the token limit, with a refusal, or with an error. */
export const GenerationOutcome = z.enum(["text", "cut short", "refused", "failed"]);
export type GenerationOutcome = z.infer<typeof GenerationOutcome>;

const orProvider = <Schema extends z.ZodType>(schema: Schema) => z.union([schema, z.literal("provider")]);

/**
 * What was sampled with. Every field is passed to the model; `provider` says that it was left to the server's own
 * default, since it was asked so or the server does not take it.
 */
export const Sampling = z.strictObject({
  temperature: orProvider(z.number().nonnegative()),
  topP: orProvider(z.number().positive().max(1)),
  topK: orProvider(z.int().nonnegative()),
  minP: orProvider(z.number().min(0).max(1)),
  repeatPenalty: orProvider(z.number().positive()),
  leastTokens: orProvider(z.int().nonnegative()),
  mostTokens: z.int().positive(),
});
export type Sampling = Readonly<z.infer<typeof Sampling>>;

const GenerationOfNow = z.strictObject({
  id: z.string().min(1),
  /** The story of the corpus whose title was given. */
  story: z.string(),
  title: z.string(),
  model: z.preprocess(
    (model) => withPresentNames(model, formerModel),
    z.strictObject({
      /** What study.yaml calls it, where it gives it a name: two models may have one address. */
      name: z.string().optional(),
      address: z.string(),
      /** SHA-256 of the model file, or what the server says it serves. */
      hash: z.string(),
      /** True for `echo:`, which is no language model and only exercises the pipeline. */
      dummy: z.boolean().optional(),
    }),
  ),
  prompt: z.strictObject({
    template: z.string(),
    hash: z.string(),
    text: z.string(),
    /** What the model was given, where its own chat template put messages into words. */
    rendered: z.string().optional(),
  }),
  /** Stories of the corpus shown as examples, in order. */
  examples: z.array(z.string()),
  /** What was asked for beyond the title (tone, dialogue ...), when anything was. */
  control: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  seed: z.int(),
  attempt: z.int().positive(),
  /** Where several were drawn to choose from: whether this is the one. */
  chosen: z.boolean().optional(),
  /** How far the text is from what was asked for beyond the title, 0 to 1, where that was measured. */
  distance: z.number().min(0).max(1).optional(),
  settings: Sampling,
  /** The fields of a request to a server, as they were sent, but for the prompt. */
  sent: z.record(z.string(), z.json()).optional(),
  outcome: GenerationOutcome,
  /** The story: without thinking and what the model put around it, up to where it begins a next title; empty when it failed. */
  text: z.string(),
  /** What the model wrote, whole. */
  raw: z.string(),
  /** What it wrote for itself before the story. */
  thinking: z.string().optional(),
  /** What was taken away from around the story (`text/clean-story.ts`), in order; absent where nothing was. */
  removed: z.array(z.strictObject({ what: z.string(), text: z.string() })).optional(),
  reason: z.string().optional(),
  /** True of a failure that may pass, such as a lost connection: the next run asks again. Others are kept. */
  transient: z.boolean().optional(),
  tokens: z.strictObject({
    prompt: z.int().nonnegative(),
    generated: z.int().nonnegative(),
    /** Of those generated, spent on thinking, where the server counts them. */
    thinking: z.int().nonnegative().optional(),
    /** The server did not count: these are a guess of a token every four bytes. */
    estimated: z.literal(true).optional(),
  }),
  /** Mean log-probability of the generated tokens, natural logarithm, when the model tells it. */
  logProbability: z.number().optional(),
  /** The same of each token, where it was asked for; by the model's own distribution, before anything was cut off. */
  logProbabilities: z.array(z.number()).optional(),
  ms: z.number().nonnegative(),
  at: z.string(),
});
/**
 * One attempt of one model at one title: a line of `generations/<model>/<prompt>.jsonl`.
 * A failed one is data, with its reason; the batch goes on.
 */
export const Generation = z.preprocess(
  (generation) => withPresentNames(generation, formerGeneration),
  GenerationOfNow,
);
export type Generation = Readonly<z.infer<typeof Generation>>;

/** What tells a model from the others of its study: its name where it was given one, else its address. */
export const modelName = ({ model }: Pick<Generation, "model">): string => model.name ?? model.address;

/** A model under a prompt is one writer: forms hold as much of each, and tables have a row for each. */
export const conditionName = (generation: Pick<Generation, "model" | "prompt">): string =>
  `${modelName(generation)} ${generation.prompt.template}`;

/** Whether an attempt at a title counts before another: the one that was chosen, else the later one. */
export const countsBefore = (one: Generation, other: Generation): boolean =>
  (one.chosen ?? false) === (other.chosen ?? false) ? one.attempt > other.attempt : one.chosen === true;

/** Of the attempts that `keyOf` names alike the one that counts, in the order of the first. */
export function countingOf(
  generations: Iterable<Generation>,
  keyOf: (generation: Generation) => string,
): Generation[] {
  const counting = new Map<string, Generation>();
  for (const generation of generations) {
    const key = keyOf(generation);
    const other = counting.get(key);
    if (!other || countsBefore(generation, other)) counting.set(key, generation);
  }
  return [...counting.values()];
}

/** Of the attempts of each writer at each title the one that counts. */
export const countingAttempts = (generations: Iterable<Generation>): Generation[] =>
  countingOf(generations, (each) => `${each.story}\n${conditionName(each)}`);

/** What became of everything that a model drafted: drawing again, cleaning and choosing are selection, and are reported. */
export interface Selection {
  readonly titles: number;
  /** Every attempt at a title. */
  readonly drafts: number;
  /** Drafts that were set aside for another of the same title. */
  readonly redrawn: number;
  /** Texts that count: one a title, where there is one. */
  readonly kept: number;
  /** Of those kept, texts from which thinking or what stood around the story was taken away. */
  readonly cleaned: number;
  /** Of those kept, texts that are the first draft of their title. */
  readonly first: number;
  /** Of those kept, texts with a fault that no attempt was without. */
  readonly faulty: number;
}

/** The selection among the attempts of one writer. */
export function selectionOf(generations: readonly Generation[]): Selection {
  const counting = countingOf(generations, ({ story }) => story);
  const kept = counting.filter(({ text }) => text !== "");
  return {
    titles: counting.length,
    drafts: generations.length,
    redrawn: generations.length - counting.length,
    kept: kept.length,
    cleaned: kept.filter(({ removed, thinking }) => removed !== undefined || thinking !== undefined).length,
    first: kept.filter(({ attempt }) => attempt === 1).length,
    faulty: kept.filter(({ reason }) => reason !== undefined).length,
  };
}
